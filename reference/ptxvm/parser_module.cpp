// Module level: directives, linkage, function headers.
#include <cctype>

#include "reference/ptxvm/parser.h"

namespace ptxvm::ptx {

std::unique_ptr<Module> Parser::module() {
  while (token_.kind != Token::Kind::end) top_level();
  if (module_->version_major == 0) fail("no .version: not PTX");
  resolve_aliases();
  return std::move(module_);
}

bool Parser::accept_linkage(Linkage& linkage) {
  if (token_.kind != Token::Kind::dotted) return false;
  if (token_.text == "extern")
    linkage.is_extern = true;
  else if (token_.text == "visible")
    linkage.is_visible = true;
  else if (token_.text == "weak" || token_.text == "common")
    linkage.is_weak = true;
  else
    return false;
  advance();
  return true;
}

void Parser::top_level() {
  if (accept(';')) return;
  Linkage linkage;
  while (accept_linkage(linkage)) {
  }
  if (token_.kind != Token::Kind::dotted) fail("expected a directive");
  const std::string_view word = token_.text;
  if (module_->version_major == 0 && word != "version") fail("PTX starts with .version");
  if (word == "version") {
    advance();
    if (token_.kind != Token::Kind::real && token_.kind != Token::Kind::integer)
      fail("expected a version such as 8.0");
    module_->version_major = std::atoi(std::string(token_.text).c_str());
    const size_t dot = token_.text.find('.');
    if (dot != std::string_view::npos)
      module_->version_minor = std::atoi(std::string(token_.text.substr(dot + 1)).c_str());
    if (module_->version_major < 1) fail("expected a version such as 8.0");
    advance();
  } else if (word == "target") {
    target();
  } else if (word == "address_size") {
    advance();
    if (token_.kind != Token::Kind::integer || token_.bits != 64)
      fail("only .address_size 64 is supported");
    advance();
  } else if (word == "file") {
    file_directive();
  } else if (word == "loc") {
    location();
  } else if (word == "section") {
    while (!token_.is('{')) {
      if (token_.kind == Token::Kind::end) fail("expected '{'");
      advance();
    }
    skip_balanced('{', '}');
  } else if (word == "pragma") {
    skip_statement();
  } else if (word == "alias") {
    alias();
  } else if (word == "entry" || word == "func") {
    advance();
    function(linkage, word == "entry");
  } else if (is_space(word)) {
    const Space space = word == "shared"  ? Space::shared
                        : word == "const" ? Space::constant
                        : word == "local" ? Space::local
                        : word == "param" ? Space::param
                        : word == "reg"   ? Space::reg
                                          : Space::global;
    advance();
    variables(space, linkage, module_->variables, false);
  } else {
    fail("a directive that is not supported");
  }
}

void Parser::target() {
  advance();
  module_->target_text = expect_word("a target such as sm_80");
  size_t digit = module_->target_text.find('_');
  if (digit != std::string::npos)
    module_->target = std::atoi(module_->target_text.c_str() + digit + 1);
  while (accept(',')) expect_word("a target option");
}

void Parser::file_directive() {
  advance();
  const uint64_t index = expect_integer("a file number", 1 << 20);
  if (token_.kind != Token::Kind::string) fail("expected a file name");
  if (module_->files.size() <= index) module_->files.resize(index + 1);
  module_->files[index] = token_.text;
  advance();
  while (accept(',')) expect_integer("a timestamp or size", UINT64_MAX);
}

void Parser::alias() {
  advance();
  std::string name = expect_word("a function name");
  expect(',');
  aliases_.emplace_back(std::move(name), expect_word("a function name"));
  expect(';');
}

void Parser::resolve_aliases() {
  for (const auto& alias : aliases_) {
    const std::string& name = alias.first;
    const std::string& target = alias.second;
    const Function* body = nullptr;
    for (const Function& f : module_->functions) {
      if (f.name == target && f.has_body) body = &f;
    }
    if (!body) fail(".alias " + name + " refers to '" + target + "', which has no body");
    Function copy = *body;
    copy.name = name;
    std::erase_if(module_->functions,
                  [&](const Function& f) { return f.name == name && !f.has_body; });
    module_->functions.push_back(std::move(copy));
  }
}

void Parser::extents(uint32_t (&out)[3]) {
  for (int i = 0; i < 3; ++i) out[i] = 1;
  for (int i = 0; i < 3; ++i) {
    out[i] = static_cast<uint32_t>(expect_integer("an extent", UINT32_MAX));
    if (i == 2 || !accept(',')) break;
  }
}

void Parser::performance(Function& f) {
  while (token_.kind == Token::Kind::dotted) {
    const std::string_view word = token_.text;
    advance();
    if (word == "maxntid")
      extents(f.max_threads);
    else if (word == "reqntid")
      extents(f.required_threads);
    else if (word == "reqnctapercluster")
      extents(f.required_cluster);
    else if (word == "minnctapersm")
      f.min_ctas_per_sm = static_cast<uint32_t>(expect_integer("a block count", UINT32_MAX));
    else if (word == "maxnctapersm" || word == "maxnreg" || word == "maxclusterrank")
      expect_integer("a limit", UINT32_MAX);
    else if (word == "pragma")
      skip_statement();
    else if (word == "attribute")
      skip_balanced('(', ')');
    else if (word == "abi_preserve" || word == "abi_preserve_control")
      expect_integer("a register count", UINT32_MAX);
    else if (word != "noreturn" && word != "explicitcluster" && word != "blocksareclusters" &&
             word != "unified") {
      fail("a directive ." + std::string(word) + " that functions do not have");
    }
  }
}

void Parser::function(Linkage linkage, bool is_entry) {
  Function f;
  f.is_entry = is_entry;
  f.is_extern = linkage.is_extern;
  f.is_visible = linkage.is_visible;
  f.is_weak = linkage.is_weak;
  f.source = location_;
  performance(f);
  if (token_.is('(')) {
    if (is_entry) fail("a kernel returns nothing, but here are results");
    f.returns = parameters();
  }
  f.name = expect_word("a function name");
  if (token_.is('(')) f.params = parameters();
  performance(f);
  if (token_.is('{')) {
    body(f);
  } else {
    expect(';');
  }
  for (Function& earlier : module_->functions) {  // a declaration, then the definition
    if (earlier.name != f.name) continue;
    if (earlier.has_body && f.has_body)
      fail("function " + f.name + " is defined twice, second definition ends here");
    if (f.has_body) earlier = std::move(f);
    return;
  }
  module_->functions.push_back(std::move(f));
}

}  // namespace ptxvm::ptx
