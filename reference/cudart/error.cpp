#include "reference/cudart/error.h"

#include <cctype>
#include <cstdio>
#include <map>
#include <string>

namespace cudart {
namespace {

struct Text {
  std::string name, text;
};

// "cudaErrorGraphExecUpdateFailure" -> "graph exec update failure": good enough for codes that
// never come from here.
std::string words_of(std::string_view name) {
  std::string words;
  for (const char c : name.substr(std::string_view("cudaError").size())) {
    if (std::isupper(static_cast<unsigned char>(c)) && !words.empty()) words += ' ';
    words += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return words;
}

const std::map<int, Text>& texts() {
  static const std::map<int, Text> table = [] {
    std::map<int, Text> t;
    const auto add = [&t](int code, const char* name, std::string_view text) {
      t[code] = {name, text.empty() ? words_of(name) : std::string(text)};
    };
#define ERROR(code, name, text) add(code, #name, text);
#include "reference/cudart/errors.def"
#undef ERROR
    return t;
  }();
  return table;
}

}  // namespace

void fail(cudaError_t code) { throw Error{code}; }

void fail(cudaError_t code, std::string_view reason) {
  note(reason);
  throw Error{code};
}

void note(std::string_view line) {
  std::fprintf(stderr, "ptxvm: %.*s\n", static_cast<int>(line.size()), line.data());
}

cudaError_t& last_error() {
  thread_local cudaError_t last = cudaSuccess;
  return last;
}

cudaError_t remember(cudaError_t code) {
  if (code != cudaSuccess) last_error() = code;
  return code;
}

const char* error_name(cudaError_t code) {
  const auto found = texts().find(code);
  return found == texts().end() ? nullptr : found->second.name.c_str();
}

const char* error_text(cudaError_t code) {
  const auto found = texts().find(code);
  return found == texts().end() ? nullptr : found->second.text.c_str();
}

int report_unsupported(const char* function) {
  note(std::string(function) + " is not supported by the virtual GPU");
  return remember(cudaErrorNotSupported);
}

}  // namespace cudart
