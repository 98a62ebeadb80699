# Target ressin_osqp: the OSQP C library, double precision and 32-bit indices.
#
# The osqp wheel carries the C sources of OSQP 1.0 for its code generator; compiled here in ordinary mode they are the
# library. cpp/solvers/osqp_port/ holds the few things that the wheel leaves out.

find_path(RESSIN_OSQP_DIR NAMES src/osqp_api.c
          PATHS ${CMAKE_PREFIX_PATH}
          PATH_SUFFIXES osqp/codegen/codegen_src
          NO_DEFAULT_PATH NO_CACHE)
if(NOT RESSIN_OSQP_DIR)
  message(FATAL_ERROR "OSQP's C sources were not found: the Python package osqp==1.1.3 must be installed where "
                      "CMAKE_PREFIX_PATH points")
endif()
message(STATUS "OSQP C sources: ${RESSIN_OSQP_DIR}")

set(_osqp_sources algebra_libs auxil csc_math csc_utils error kkt matrix osqp_api
                  qdldl qdldl_interface scaling util vector)
list(TRANSFORM _osqp_sources PREPEND "${RESSIN_OSQP_DIR}/src/")
list(TRANSFORM _osqp_sources APPEND ".c")
add_library(ressin_osqp STATIC ${_osqp_sources} ${PROJECT_SOURCE_DIR}/cpp/solvers/osqp_port/port.cpp
            ${PROJECT_SOURCE_DIR}/cpp/solvers/osqp_port/memory.cpp)
if(NOT MSVC)
  target_compile_options(ressin_osqp PRIVATE -fexceptions)  # std::bad_alloc leaves C functions: see memory.hpp
endif()
target_include_directories(ressin_osqp SYSTEM PUBLIC
  ${PROJECT_SOURCE_DIR}/cpp/solvers/osqp_port "${RESSIN_OSQP_DIR}/inc/public")
target_include_directories(ressin_osqp SYSTEM PRIVATE "${RESSIN_OSQP_DIR}/inc/private")
target_compile_definitions(ressin_osqp PRIVATE EIGEN_MPL2_ONLY)
target_link_libraries(ressin_osqp PRIVATE Eigen3::Eigen)
