#include "tests/vendor/ledger.h"

#include <cstdlib>

namespace tconv::doubles {
namespace {

struct Plan {
  std::string function;
  int64_t left = 0;  ///< calls until it fails, that one included; 0: none
};

Plan from_environment() {
  const char* const text = std::getenv("TCONV_DOUBLE_FAIL");
  if (text == nullptr) return {};
  const std::string_view words = text;
  const size_t colon = words.find(':');
  if (colon == std::string_view::npos) return {};
  return {std::string(words.substr(0, colon)), std::atoll(text + colon + 1)};
}

Plan& plan() {
  static Plan current = from_environment();
  return current;
}

std::string failed;
int64_t alive = 0;
Work latest;

}  // namespace

void plan_failure(std::string_view function, int64_t n) {
  plan() = {std::string(function), n};
  failed.clear();
}

bool fails(std::string_view function) {
  Plan& p = plan();
  if (p.left == 0 || (p.function != "any" && p.function != function)) return false;
  if (--p.left != 0) return false;
  failed = std::string(function) + " fails as planned";
  return true;
}

const std::string& failure() { return failed; }

int64_t live() { return alive; }
void count_live(int64_t change) { alive += change; }

const Work& latest_work() { return latest; }
void note_work(const Work& work) { latest = work; }

}  // namespace tconv::doubles
