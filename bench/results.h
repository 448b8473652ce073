// The results file, schema tconv-results/1: valid JSON at every moment, whatever happens to the
// process.
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "bench/row.h"

namespace tconv::bench {

/// A results file that cannot be read, continued or written. what() is one line.
struct ResultsError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One entry of "results". Quantities that are not finite or not known become null.
nlohmann::ordered_json to_json(const RowResult&);

/// The rows of one run. Every add() replaces the file atomically: written beside it, then renamed
/// over it.
class ResultsFile {
 public:
  /// Starts empty. `path` empty: kept in memory only. Throws ResultsError if the file cannot be
  /// written.
  ResultsFile(std::filesystem::path path, nlohmann::ordered_json context);

  /// Takes over the rows of an earlier run found at the path (none if there is no file). Throws
  /// ResultsError if the file is no results file, or was made under another backend, device,
  /// revision, data, seed or profile: such rows must not be mixed.
  void resume();

  /// True if the file holds this row with an outcome that running it again would only repeat: any
  /// but ERROR.
  bool has(const Row&) const;
  /// The stored entry of a row, or null.
  const nlohmann::ordered_json* find(const Row&) const;

  /// Adds the row, or replaces the entry of the same row, and writes.
  void add(const RowResult&);
  void write() const;

  const nlohmann::ordered_json& document() const { return document_; }

 private:
  std::filesystem::path path_;
  nlohmann::ordered_json document_;
};

}  // namespace tconv::bench
