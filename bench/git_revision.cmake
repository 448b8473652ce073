# Run at every build: cmake -DSOURCE=<dir> -DHEADER=<file> -P git_revision.cmake. Writes the header only if the revision changed, so that
# a build without changes compiles nothing.
execute_process(COMMAND git -C "${SOURCE}" describe --always --dirty --abbrev=12
                OUTPUT_VARIABLE revision ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT revision)
  set(revision unknown)
endif()
set(text "#pragma once\n#define TCONV_GIT_REVISION \"${revision}\"\n")
set(old "")
if(EXISTS "${HEADER}")
  file(READ "${HEADER}" old)
endif()
if(NOT text STREQUAL old)
  file(WRITE "${HEADER}" "${text}")
endif()
