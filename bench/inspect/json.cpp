#include "bench/inspect/json.h"

#include <nlohmann/json.hpp>

#include "reference/spectrum.h"

namespace tconv::inspect {
namespace {

using Json = nlohmann::ordered_json;

// A longer map is nothing that a reader draws; the histogram is always there.
constexpr size_t kLongestMap = 4096;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json coverage_json(const AxisReport& a) {
  Json json{{"interior_mean", a.interior.mean},
            {"interior_variance", a.interior.variance},
            {"interior_variance_formula", or_null(a.variance_formula)},
            {"interior_gap", a.gap},
            {"mean", a.mean},
            {"variance", nullptr},
            {"longest_gap", nullptr},
            {"histogram", nullptr},
            {"map", nullptr}};
  if (!a.coverage) return json;
  json["variance"] = a.coverage->variance;
  json["longest_gap"] = a.coverage->longest_gap;
  json["histogram"] = Json::array();
  for (const auto& [taps, outputs] : a.coverage->histogram) {
    json["histogram"].push_back({{"taps", taps}, {"outputs", outputs}});
  }
  if (a.coverage->map.size() <= kLongestMap) json["map"] = a.coverage->map;
  return json;
}

Json axis_json(const AxisReport& a) {
  Json phases = Json::array();
  for (const Phase& phase : a.phases) {
    phases.push_back(
        {{"phase", phase.index},
         {"taps", phase.taps},
         {"outputs", phase.outputs.count},
         {"first_output", phase.outputs.count > 0 ? Json(phase.outputs.first) : Json()}});
  }
  return {{"axis", std::string(1, a.letter)},
          {"in", a.axis.in},
          {"out", a.axis.out},
          {"kernel", a.axis.kernel},
          {"stride", a.axis.stride},
          {"dilation", a.axis.dilation},
          {"crop_low", a.axis.crop_lo},
          {"crop_high", a.axis.crop_hi()},
          {"full", a.axis.full()},
          {"output_padding", a.output_padding},
          {"forward_sizes", {{"first", a.forward_sizes.first}, {"end", a.forward_sizes.end}}},
          {"split",
           {{"classes", a.split.classes},
            {"dilation", a.split.dilation},
            {"silent_phases", a.split.skipped}}},
          {"phases", phases},
          {"coverage", coverage_json(a)},
          {"alignment",
           {{"slope", a.axis.stride},
            {"centre", a.centre},
            {"grid_offset", a.offset},
            {"grid_offset_positive",
             "output 0 sees to the right of input 0: the image lies towards "
             "lower output indices"},
            {"half_pixel_shift", a.half_pixel_shift}}},
          {"image_frequencies", image_frequencies(a.axis.stride)}};
}

Json work_json(const Report& r) {
  const auto needed = static_cast<double>(r.problem.macs_needed());
  const auto row = [&](std::string_view name, int64_t macs) {
    return Json{{"name", name},
                {"macs", macs},
                {"per_needed", needed > 0 ? Json(static_cast<double>(macs) / needed) : Json()}};
  };
  Json organisations = Json::array(), strategies = Json::array(), intensity = Json::array();
  for (const Organisation& o : r.organisations) organisations.push_back(row(o.name, o.macs));
  for (const StrategyWork& s : r.strategies) strategies.push_back(row(s.name, s.macs));
  for (const Intensity& i : r.intensities) {
    intensity.push_back({{"dtype", to_string(i.dtype)},
                         {"bytes_compulsory", i.bytes},
                         {"flops_per_byte", i.flops_per_byte}});
  }
  Json roofline = Json::array();
  for (const Roofline& line : r.rooflines) {
    for (const RooflineSide& side : line.sides) {
      roofline.push_back(
          {{"profile", line.profile},
           {"dtype", to_string(side.dtype)},
           {"ridge_flops_per_byte", or_null(side.ridge)},
           {"side", side.ridge ? Json(side.compute_bound ? "compute" : "memory") : Json()}});
    }
  }
  return {{"organisations", organisations},
          {"strategies", strategies},
          {"intensity", intensity},
          {"roofline", roofline}};
}

Json response_json(const Problem& p, const std::optional<Response>& response) {
  if (!response) return nullptr;
  const auto first = response->dims.end() - p.rank;
  return {{"dims", std::vector<int64_t>(first, response->dims.end())},
          {"values", response->values}};
}

Json filter_json(const Report& r) {
  if (!r.filter) return nullptr;
  const FilterReport& f = *r.filter;
  Json axes = Json::array();
  for (const AxisFilter& a : f.axes) {
    Json phases = Json::array();
    for (const PhaseFilter& phase : a.phases) {
      phases.push_back({{"taps", phase.taps},
                        {"dc_gain", phase.dc_gain},
                        {"nyquist", phase.nyquist},
                        {"magnitude", phase.magnitude}});
    }
    axes.push_back({{"axis", std::string(1, a.letter)},
                    {"taps", a.taps},
                    {"phases", phases},
                    {"spread", or_null(a.spread)},
                    {"image_leakage", or_null(a.leakage)},
                    {"nyquist_spread", a.nyquist_spread},
                    {"stopband_share", a.stopband},
                    {"magnitude", a.magnitude},
                    {"ideal_magnitude", a.ideal_magnitude},
                    {"ideal_taps", a.ideal_taps}});
  }
  return {{"kernel", f.kernel.source},
          {"weights", f.kernel.weights},
          {"gains", f.gains},
          {"spread", or_null(f.spread)},
          {"axes", axes},
          {"impulse", response_json(r.problem, f.impulse)},
          {"constant", response_json(r.problem, f.constant)},
          {"ramp", response_json(r.problem, f.ramp)},
          {"matrix", or_null(f.matrix)}};
}

Json layer_json(const Report& r) {
  const Problem& p = r.problem;
  Json axes = Json::array(), remedies = Json::array();
  for (const AxisReport& a : r.axes) axes.push_back(axis_json(a));
  for (const Remedy& remedy : r.remedies) {
    remedies.push_back({{"name", remedy.name},
                        {"what", remedy.what},
                        {"problem", or_null(remedy.problem)},
                        {"macs", or_null(remedy.macs)}});
  }
  return {{"problem", p.str()},
          {"layer", p.name.empty() ? Json() : Json(p.name)},
          {"rank", p.rank},
          {"shape_class", p.shape_class()},
          {"pytorch", or_null(r.pytorch)},
          {"matrix_rows", p.out_spatial()},
          {"matrix_columns", p.in_spatial()},
          {"axes", axes},
          {"work", work_json(r)},
          {"initialisation",
           {{"fan_in", r.fans.fan_in},
            {"fan_out", r.fans.fan_out},
            {"window_in", r.fans.window_in},
            {"he_std", r.fans.he_std},
            {"convolution_fan_in", r.fans.convolution_in},
            {"convolution_fan_out", r.fans.convolution_out}}},
          {"filter", filter_json(r)},
          {"remedies", remedies}};
}

}  // namespace

std::string to_json(std::span<const Report> reports) {
  // Names and file names may hold any byte; JSON is UTF-8.
  constexpr auto kReplace = Json::error_handler_t::replace;
  std::string text = "{\"schema\": \"tconv-inspect/1\", \"layers\": [";
  for (size_t i = 0; i < reports.size(); ++i) {
    text += (i == 0 ? "\n" : ",\n") + layer_json(reports[i]).dump(-1, ' ', false, kReplace);
  }
  return text + "\n]}\n";
}

}  // namespace tconv::inspect
