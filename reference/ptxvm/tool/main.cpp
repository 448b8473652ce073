// ptxvm-tool: looks into a program's device code without running it.
#include <cstdio>
#include <regex>

#include <CLI/CLI.hpp>

#include "reference/ptxvm/tool/commands.h"

int main(int argc, char** argv) {
  CLI::App app("Looks into the PTX of CUDA programs: lists, disassembles, counts opcodes.",
               "ptxvm-tool");
  app.require_subcommand(1);
  std::string file, kernels, tests;
  std::vector<std::filesystem::path> files;
  bool lowered = false;

  const auto add = [&](const char* name, const char* help) {
    return app.add_subcommand(name, help);
  };
  CLI::App* const list = add("list", "fat binary entries; kernels with their resources");
  list->add_option("PROGRAM", file, "program, shared library, object or .ptx file")->required();
  CLI::App* const disassemble = add("disassemble", "PTX text, or the ops that the machine runs");
  disassemble->add_option("PROGRAM", file, "program, shared library, object or .ptx file")
      ->required();
  disassemble->add_option("--kernel", kernels,
                          "regular expression: only functions whose name matches");
  disassemble->add_flag("--lowered", lowered, "the machine's ops instead of PTX");
  CLI::App* const census =
      add("census", "how often each opcode occurs; fails if one cannot be run");
  census->add_option("PROGRAM", files, "programs, shared libraries, objects or .ptx files")
      ->required();
  census
      ->add_option("--tests", tests, "folder of <mnemonic>.ptx files: fails if an opcode has none")
      ->check(CLI::ExistingDirectory);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    if (list->parsed()) return ptxvm::tool::list(file);
    if (disassemble->parsed()) return ptxvm::tool::disassemble(file, kernels, lowered);
    return ptxvm::tool::census(files, tests);
  } catch (const std::regex_error&) {
    std::fprintf(stderr, "ptxvm-tool: --kernel=%s: not a regular expression\n", kernels.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ptxvm-tool: %s\n", error.what());
  }
  return 2;
}
