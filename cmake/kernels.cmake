# The solvers' kernels, in cpp/kernel, cpp/kernel/robust and cpp/solvers/active_set, are one source each, compiled once per instruction set and
# picked at run time:
#
#   kernel_baseline.cpp   the platform's default (x86-64-v2 on x86, so every machine since about 2009)
#   kernel_v3.cpp         AVX2 and FMA           x86 only; RESSIN_HAVE_V3 is defined for the core
#   kernel_v4.cpp         AVX-512 F, DQ and VL   x86 only; RESSIN_HAVE_V4 is defined for the core
#
# Sets RESSIN_KERNEL_SOURCES and RESSIN_KERNEL_DEFINITIONS. The order of the sources matters: an inline function that several
# objects hold is taken from the first, so the lowest instruction set comes first and no code above it leaks into it.

include(CheckCXXCompilerFlag)

if(CMAKE_OSX_ARCHITECTURES)
  set(_targets "${CMAKE_OSX_ARCHITECTURES}")
else()
  set(_targets "${CMAKE_SYSTEM_PROCESSOR}")
endif()
set(RESSIN_X86 OFF)
if(_targets MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(RESSIN_X86 ON)
endif()

if(MSVC)
  set(_v3_flags /arch:AVX2)
  set(_v4_flags /arch:AVX512)
  set(_kernel_flags "")
else()
  set(_v3_flags -mavx2 -mfma -mbmi -mbmi2)
  set(_v4_flags ${_v3_flags} -mavx512f -mavx512dq -mavx512vl -mprefer-vector-width=512)
  set(_kernel_flags -O3 -ffp-contract=off -funroll-loops)
  if(RESSIN_X86)
    check_cxx_compiler_flag(-march=x86-64-v2 RESSIN_HAS_MARCH_V2)
    if(RESSIN_HAS_MARCH_V2)
      add_compile_options(-march=x86-64-v2)
    endif()
  endif()
endif()

set(RESSIN_KERNEL_SOURCES "")
set(RESSIN_KERNEL_DEFINITIONS "")
function(_ressin_kernel level)
  foreach(_room kernel kernel/robust solvers/active_set)
    set(_source "${PROJECT_SOURCE_DIR}/cpp/${_room}/kernel_${level}.cpp")
    set_source_files_properties("${_source}" PROPERTIES COMPILE_OPTIONS "${_kernel_flags};${ARGN}")
    list(APPEND RESSIN_KERNEL_SOURCES "${_source}")
  endforeach()
  set(RESSIN_KERNEL_SOURCES ${RESSIN_KERNEL_SOURCES} PARENT_SCOPE)
  if(NOT level STREQUAL "baseline")
    string(TOUPPER ${level} _level)
    set(RESSIN_KERNEL_DEFINITIONS ${RESSIN_KERNEL_DEFINITIONS} RESSIN_HAVE_${_level} PARENT_SCOPE)
  endif()
endfunction()

_ressin_kernel(baseline)
if(RESSIN_X86)
  _ressin_kernel(v3 ${_v3_flags})
  _ressin_kernel(v4 ${_v4_flags})
endif()
message(STATUS "Kernels: ${RESSIN_KERNEL_SOURCES}")
