// The support matrix: what every strategy takes, asked of `supports` itself with one small problem
// per feature. No cell without a reason.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "kernels/strategy.h"

namespace tconv::bench {

/// A feature of problems, such as "3-D depthwise", and a small problem that has it.
struct Probe {
  std::string feature;
  Problem problem;
};
/// Every rank with every feature.
const std::vector<Probe>& probes();

/// A strategy in one element type and layout.
struct SupportCell {
  const Strategy* strategy;
  Config config;                                            ///< without epilogue
  std::vector<std::string> taken;                           ///< features
  std::map<std::string, std::vector<std::string>> refused;  ///< features by reason
  std::string why_not_fused;  ///< why no bias can be fused; empty: it can
};

/// One cell per strategy, element type and layout. Strategies must outlive it. Vendors' strategies
/// may build plans for every probe.
std::vector<SupportCell> support_matrix(const std::vector<Strategy>&);

/// A table with numbered reasons below.
std::string support_table(const std::vector<SupportCell>&);

/// {"schema": "tconv-support/1", "features": [...], "cells": [{"op", "strategy", "dtype", "layout",
/// "taken": [feature], "refused": [{"reason", "features"}], "fuses": true | reason}]}
nlohmann::ordered_json to_json(const std::vector<SupportCell>&);

}  // namespace tconv::bench
