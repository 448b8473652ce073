// A layer's report as a reader of the JSON gets it.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bench/inspect/json.h"
#include "bench/inspect/report.h"

namespace tconv::inspect {

using Json = nlohmann::json;

inline Json report_of(const std::string& descriptor, const std::string& kernel = "",
                      bool rotate = false) {
  const Question question{
      .kernel = kernel, .rotate = rotate, .gpus = {&device_profile("h100-sxm")}, .strategies = {}};
  const std::vector<Report> reports{inspect(Problem::parse(descriptor), question)};
  const Json document = Json::parse(to_json(reports));
  return document.at("layers").at(0);
}

}  // namespace tconv::inspect
