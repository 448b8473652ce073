# Options, languages and compile flags that every folder shares.
include(CheckLanguage)
include(CMakeDependentOption)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, RelWithDebInfo or Debug" FORCE)
endif()

check_language(CUDA)
set(_cuda_found OFF)
if(CMAKE_CUDA_COMPILER)
  set(_cuda_found ON)
endif()
option(TCONV_CUDA "Build the device code (needs nvcc)" ${_cuda_found})
option(TCONV_TESTS "Build the tests" ON)
option(TCONV_FUZZ "Build the fuzzers of tests/fuzz and instrument all host code for them (needs clang)" OFF)
set(TCONV_SANITIZE "" CACHE STRING "Sanitizers for host code: address, thread, or empty")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
include_directories("${CMAKE_SOURCE_DIR}")  # every include is spelled from the top: "reference/problem.h"

set(_warnings -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  list(APPEND _warnings -Wno-restrict)  # false alarms on std::string operator+: GCC bug 105651
endif()
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:${_warnings}>")

if(TCONV_SANITIZE STREQUAL "address")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=address,undefined>
                      $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=all>
                      $<$<COMPILE_LANGUAGE:CXX>:-fno-omit-frame-pointer>
                      # The machine adds a fixed distance to device addresses to get host addresses; it may wrap.
                      $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=pointer-overflow>
                      # GCC 12's false alarm in <regex>, under ASan only
                      $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
  add_link_options(-fsanitize=address,undefined)
elseif(TCONV_SANITIZE STREQUAL "thread")
  # Fences are not followed: the machine's own data is ordered by locks and atomics, only what programs share uses them.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=thread> $<$<COMPILE_LANGUAGE:CXX>:-Wno-tsan>)
  add_link_options(-fsanitize=thread)
elseif(NOT TCONV_SANITIZE STREQUAL "")
  message(FATAL_ERROR "TCONV_SANITIZE is '${TCONV_SANITIZE}': must be address, thread or empty")
endif()

if(TCONV_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "TCONV_FUZZ needs clang, found ${CMAKE_CXX_COMPILER_ID}")
  endif()
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=fuzzer-no-link>)
endif()

find_package(Threads REQUIRED)
find_package(CUDAToolkit 12.4)  # headers suffice for reference/cudart; nvcc is needed for kernels/

if(TCONV_CUDA)
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    # PTX for one target by default: the virtual GPU runs it, and a driver compiles it for any newer GPU.
    # With a GPU present, add machine code for it. The preset all-archs builds for every target.
    set(_arch 80-virtual)
    execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
                    OUTPUT_VARIABLE _cc ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE _rc)
    if(_rc EQUAL 0 AND _cc MATCHES "^([0-9]+)\\.([0-9])")
      list(APPEND _arch "${CMAKE_MATCH_1}${CMAKE_MATCH_2}-real")
    endif()
    set(CMAKE_CUDA_ARCHITECTURES ${_arch} CACHE STRING "CUDA targets")
  endif()
  set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)  # so that the virtual GPU's libcudart can take its place
  enable_language(CUDA)
  if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25.1 does not know that nvcc 12 and newer have it
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
    set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
  endif()
  set(CMAKE_CUDA_STANDARD 20)  # after enable_language: its own check knows no dialects yet
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:-lineinfo;--expt-relaxed-constexpr;-Werror=all-warnings;-Xcompiler=-Wall,-Wextra,-Werror>")
endif()
