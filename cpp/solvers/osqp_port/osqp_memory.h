// What the OSQP C library takes memory by: see memory.hpp.
#ifndef RESSIN_OSQP_MEMORY_H
#define RESSIN_OSQP_MEMORY_H
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif
void* ressin_osqp_malloc(size_t size);
void* ressin_osqp_calloc(size_t count, size_t size);
void* ressin_osqp_realloc(void* memory, size_t size);
void ressin_osqp_free(void* memory);
#ifdef __cplusplus
}
#endif

#define c_malloc ressin_osqp_malloc
#define c_calloc ressin_osqp_calloc
#define c_realloc ressin_osqp_realloc
#define c_free ressin_osqp_free
#endif
