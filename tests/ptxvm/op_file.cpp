#include "tests/ptxvm/op_file.h"

#include <cstring>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace ptxvm::test {
namespace {

constexpr uint64_t kBufferBytes = 1 << 20;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

Variant read_variant(const std::string& line) {
  Variant v;
  static const std::regex store(R"(st\.global\.[bu](\d+) \[io\+(\d+)\])");
  for (std::sregex_iterator it(line.begin(), line.end(), store), end; it != end; ++it) {
    v.result_bits.push_back(std::stoi((*it)[1]));
    v.slots.push_back(std::stoi((*it)[2]) / 8 - 4);
  }
  const size_t cut = std::min(line.find("; selp.u32 t,"), line.find("; st.global"));
  v.text = line.substr(2, cut - 2);
  std::vector<std::string> words = split(v.text.substr(0, v.text.find_first_of(" ;")), '.');
  v.mnemonic = words[0];
  v.words.assign(words.begin() + 1, words.end());
  return v;
}

}  // namespace

bool Variant::has(std::string_view word) const {
  for (const std::string& w : words)
    if (w == word) return true;
  return false;
}
std::string Variant::type(int n) const {
  static const std::regex form(
      "[usb](8|16|32|64)|[us]16x2|b?f16(x2)?|f32|f64|tf32|pred|e[45]m[23]x2");
  for (const std::string& w : words)
    if (std::regex_match(w, form) && n-- == 0) return w;
  return {};
}

OpFile::OpFile(const std::string& path)
    : machine_(std::make_unique<Machine>(
          MachineConfig{.memory_bytes = 4 * kBufferBytes, .sm = 90, .workers = 1})) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::stringstream text;
  text << file.rdbuf();
  for (std::string line; std::getline(text, line);) {
    std::smatch m;
    if (std::regex_search(line, m, std::regex(R"(\.entry (\w+)\()"))) {
      entries_.push_back({m[1], 0, {}});
    } else if (std::regex_search(line, m, std::regex(R"(mad\.wide\.u32 io, lane, (\d+), io)"))) {
      entries_.back().record = std::stoi(m[1]);
    } else if (line.find("; st.global") != std::string::npos ||
               line.find("; selp.u32 t,") != std::string::npos) {
      entries_.back().variants.push_back(read_variant(line));
    }
  }
  module_ = machine_->load(text.str(), path);
  buffer_ = machine_->memory().allocate(kBufferBytes, "records");
}

Outputs OpFile::run(const Entry& entry, const Inputs& inputs, uint32_t active) {
  const size_t words = size_t(entry.record) / 8;
  std::vector<uint64_t> records(32 * words, kUntouched);
  for (size_t lane = 0; lane < 32; ++lane)
    for (size_t i = 0; i < 4; ++i) records[lane * words + i] = inputs.in[lane][i];
  if (records.size() * 8 > kBufferBytes)
    throw std::runtime_error("record too large: " + entry.name);
  std::byte* host = machine_->memory().host(buffer_);
  std::memcpy(host, records.data(), records.size() * 8);
  void* args[] = {&buffer_, &active};
  Launch launch;
  launch.kernel = machine_->kernel(module_, entry.name);
  launch.block = {32, 1, 1};
  launch.args = args;
  machine_->run(launch);
  std::memcpy(records.data(), host, records.size() * 8);
  Outputs out(32);
  for (size_t lane = 0; lane < 32; ++lane)
    out[lane].assign(records.begin() + ptrdiff_t(lane * words + 4),
                     records.begin() + ptrdiff_t((lane + 1) * words));
  return out;
}

}  // namespace ptxvm::test
