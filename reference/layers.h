// Layer sets: text files with one descriptor a line, `#` comments, empty lines ignored.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "reference/problem.h"

namespace tconv {

/// The problems of a .layers file, in order. Throws ProblemError "<file>:<line>: <message>" on the
/// first bad line, on a name given twice, and "<file>: ..." if the file cannot be read or holds no
/// layer.
std::vector<Problem> read_layers(const std::filesystem::path& file);

/// Names of the sets in a folder (the stems of its .layers files), sorted.
std::vector<std::string> layer_sets(const std::filesystem::path& folder);

/// The file for a set's name in `folder`, or `set_or_file` itself if it is a file. Throws
/// ProblemError that lists the sets.
std::filesystem::path find_layers(const std::filesystem::path& folder,
                                  std::string_view set_or_file);

}  // namespace tconv
