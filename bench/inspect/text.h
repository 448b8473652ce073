// Reports for a reader: at most 100 columns, axes that are alike told once.
#pragma once

#include <span>
#include <string>

#include "bench/inspect/report.h"

namespace tconv::inspect {

std::string to_text(std::span<const Report>);

}  // namespace tconv::inspect
