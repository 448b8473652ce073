# Finds cuDNN 9: CUDNN_FOUND, CUDNN_VERSION, target CUDNN::cudnn.
#
# Looks under CUDNN_ROOT (variable or environment), the CUDA toolkit, the system's folders, and the site-packages of the
# python3 in PATH, where PyPI's wheels put nvidia/cudnn with a versioned library name only.
execute_process(
  COMMAND python3 -c "import site; print(';'.join(site.getsitepackages() + [site.getusersitepackages()]))"
  OUTPUT_VARIABLE _cudnn_site OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
list(TRANSFORM _cudnn_site APPEND /nvidia/cudnn)
set(_cudnn_hints "${CUDAToolkit_LIBRARY_ROOT}" "${CUDAToolkit_TARGET_DIR}")

find_path(CUDNN_INCLUDE_DIR cudnn_version.h
  HINTS ${_cudnn_hints} ${CUDAToolkit_INCLUDE_DIRS} PATHS /usr/local/cuda ${_cudnn_site}
  PATH_SUFFIXES include)
cmake_path(GET CUDNN_INCLUDE_DIR PARENT_PATH _cudnn_prefix)  # the library that belongs to this header
find_library(CUDNN_LIBRARY NAMES cudnn libcudnn.so.9 NAMES_PER_DIR
  HINTS "${_cudnn_prefix}" ${_cudnn_hints} ${CUDAToolkit_LIBRARY_DIR} PATHS /usr/local/cuda ${_cudnn_site}
  PATH_SUFFIXES lib64 lib lib/x64)
mark_as_advanced(CUDNN_INCLUDE_DIR CUDNN_LIBRARY)

unset(CUDNN_VERSION)
if(CUDNN_INCLUDE_DIR)
  file(STRINGS "${CUDNN_INCLUDE_DIR}/cudnn_version.h" _cudnn_defines
    REGEX "^#define CUDNN_(MAJOR|MINOR|PATCHLEVEL) +[0-9]+")
  list(TRANSFORM _cudnn_defines REPLACE "^#define CUDNN_[A-Z]+ +([0-9]+).*" "\\1")  # 0 and 10 included
  list(JOIN _cudnn_defines "." CUDNN_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CUDNN
  REQUIRED_VARS CUDNN_LIBRARY CUDNN_INCLUDE_DIR VERSION_VAR CUDNN_VERSION)

if(CUDNN_FOUND AND NOT TARGET CUDNN::cudnn)
  add_library(CUDNN::cudnn UNKNOWN IMPORTED)
  set_target_properties(CUDNN::cudnn PROPERTIES IMPORTED_LOCATION "${CUDNN_LIBRARY}")
  target_include_directories(CUDNN::cudnn SYSTEM INTERFACE "${CUDNN_INCLUDE_DIR}")
endif()
