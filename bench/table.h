// The console's table: one line per row. Times on a GPU, counts on the virtual GPU, never both.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "bench/row.h"

namespace tconv::bench {

class Table {
 public:
  /// Column widths come from all rows that will be shown.
  Table(const std::vector<Row>& rows, bool counts);

  std::string header() const;
  /// Ends in a newline. Rows without figures show their reason instead; a reason to skip that was
  /// shown before, "as above".
  std::string line(const RowResult&);

 private:
  std::string strategy_column(const Row&) const;

  bool counts_;
  bool several_configs_ = false;  ///< then op, dtype and layout are shown with each strategy
  size_t strategy_width_ = 8;
  size_t layer_width_ = 5;
  std::set<std::string> skip_reasons_;  ///< shown so far
};

/// 12345 as is, 1234567 as "1.235 M": exact while it is short.
std::string short_count(uint64_t);

}  // namespace tconv::bench
