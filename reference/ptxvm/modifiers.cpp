#include "reference/ptxvm/modifiers.h"

#include <cctype>
#include <unordered_map>
#include <unordered_set>

namespace ptxvm {
namespace {

using Words = std::unordered_set<std::string_view>;

struct Tables {
  std::unordered_map<std::string_view, std::string_view> lists;
  std::unordered_map<std::string_view, Words> words;

  void add(Words& to, std::string_view text) const {
    while (!text.empty()) {
      const size_t blank = text.find(' ');
      const std::string_view word = text.substr(0, blank);
      text.remove_prefix(blank == text.npos ? text.size() : blank + 1);
      if (word.starts_with('@'))
        add(to, lists.at(word.substr(1)));
      else
        to.insert(word);
    }
  }
  Tables() {
    std::unordered_map<std::string_view, std::string_view> rows;
#define PTX_MODIFIER_LIST(name, text) lists.emplace(#name, text);
#define PTX_MODIFIERS(mnemonic, text) rows.emplace(#mnemonic, text);
#include "reference/ptxvm/modifiers.def"
#undef PTX_MODIFIERS
#undef PTX_MODIFIER_LIST
    for (const auto& [mnemonic, text] : rows) add(words[mnemonic], text);
  }
};

const Tables& tables() {
  static const Tables all;
  return all;
}

/// m16n8k16 -> m*n*k
bool is_shape(std::string_view word) {
  for (const char letter : {'m', 'n', 'k'}) {
    if (word.empty() || word[0] != letter) return false;
    word.remove_prefix(1);
    if (word.empty() || !std::isdigit(static_cast<unsigned char>(word[0]))) return false;
    while (!word.empty() && std::isdigit(static_cast<unsigned char>(word[0])))
      word.remove_prefix(1);
  }
  return word.empty();
}

}  // namespace

std::string_view foreign_modifier(const ptx::Instruction& in) {
  const auto row = tables().words.find(in.mnemonic);
  if (row == tables().words.end()) return {};
  for (const std::string& modifier : in.modifiers) {
    if (row->second.contains(modifier)) continue;
    if (!is_shape(modifier) || !row->second.contains("m*n*k")) return modifier;
  }
  return {};
}

bool has_modifier_list(std::string_view mnemonic) { return tables().words.contains(mnemonic); }

}  // namespace ptxvm
