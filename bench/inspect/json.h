// Reports as JSON, schema "tconv-inspect/1".
#pragma once

#include <span>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "bench/inspect/report.h"

namespace tconv::inspect {

/// {"schema": "tconv-inspect/1", "layers": [...]}, one layer a line. What does not exist is null: a
/// map of an axis that is too long, the spread of gains whose mean is 0, a GPU's missing pipe.
std::string to_json(std::span<const Report>);

}  // namespace tconv::inspect
