// What ptxvm-tool can do. Each command prints to stdout and returns the exit status.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ptxvm::tool {

/// The fat binary's entries, and of each kernel what a launch needs to know.
int list(const std::filesystem::path& program);

/// The PTX of every entry; with `kernels` (a regular expression over mangled and readable names)
/// only functions that match, and with `lowered` what the machine makes of them: one line per op
/// with its places in the frame.
int disassemble(const std::filesystem::path& program, const std::string& kernels, bool lowered);

/// Every opcode by its full name, how often it stands in the programs, whether the machine runs it,
/// and, if `tests` is not empty, whether tests/<mnemonic>.ptx exists. 1 if an opcode has no handler
/// or no test.
int census(const std::vector<std::filesystem::path>& programs, const std::filesystem::path& tests);

/// "tconv::gather(float const*, ...)" of a mangled name; the name itself if it is not one.
std::string readable(const std::string& mangled);

}  // namespace ptxvm::tool
