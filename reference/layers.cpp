#include "reference/layers.h"

#include <algorithm>
#include <fstream>
#include <map>

namespace tconv {
namespace {

constexpr std::string_view kBlanks = " \t\r";

/// Without comment and surrounding blanks. A comment starts the line or follows a blank.
std::string_view content(std::string_view line) {
  for (size_t i = 0; i < line.size(); ++i) {
    const bool starts = i == 0 || kBlanks.find(line[i - 1]) != std::string_view::npos;
    if (line[i] == '#' && starts) {
      line = line.substr(0, i);
      break;
    }
  }
  const size_t first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

std::vector<Problem> read_layers(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in || std::filesystem::is_directory(file)) {
    throw ProblemError(file.string() + ": cannot be read");
  }
  std::vector<Problem> problems;
  std::map<std::string, int> line_of;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const std::string_view text = content(line);
    if (text.empty()) continue;
    const auto fail = [&](const std::string& message) {
      throw ProblemError(file.string() + ":" + std::to_string(number) + ": " + message);
    };
    try {
      problems.push_back(Problem::parse(text));
    } catch (const ProblemError& e) {
      fail(e.what());
    }
    const std::string& name = problems.back().name;
    if (name.empty()) continue;
    const auto [first, fresh] = line_of.emplace(name, number);
    if (!fresh) fail("name \"" + name + "\" is taken by line " + std::to_string(first->second));
  }
  if (problems.empty()) throw ProblemError(file.string() + ": holds no layer");
  return problems;
}

std::vector<std::string> layer_sets(const std::filesystem::path& folder) {
  std::vector<std::string> sets;
  std::error_code ignored;  // a missing folder has no sets
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".layers") sets.push_back(entry.path().stem());
  }
  std::sort(sets.begin(), sets.end());
  return sets;
}

std::filesystem::path find_layers(const std::filesystem::path& folder,
                                  std::string_view set_or_file) {
  const auto sets = layer_sets(folder);
  const std::string wanted(set_or_file);
  if (std::find(sets.begin(), sets.end(), wanted) != sets.end()) {
    return folder / (wanted + ".layers");
  }
  if (std::filesystem::is_regular_file(wanted)) return wanted;
  std::string known;
  for (const auto& set : sets) known += (known.empty() ? "" : ", ") + set;
  throw ProblemError("layers \"" + wanted + "\": must be a file or one of " + known);
}

}  // namespace tconv
