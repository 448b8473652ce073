// Runs tconv_bench as a shell would and keeps what it said.
#pragma once

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <sys/wait.h>

#include <gtest/gtest.h>

namespace tconv::bench {

struct Outcome {
  int status = -1;
  std::string out, err;
};

/// 'text' in single quotes, safe for the shell.
inline std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

/// `arguments` are shell text. `environment`: assignments ahead of the program, as in
/// LD_LIBRARY_PATH=...
inline Outcome run_program(const std::string& arguments, const std::string& environment = "") {
  const std::string errors = testing::TempDir() + "/tconv_stderr." + std::to_string(getpid());
  const std::string command = environment + " " TCONV_BENCH " " + arguments + " 2>" + errors;
  Outcome outcome;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"),
                                                   [](FILE*) { return 0; });
  std::array<char, 4096> chunk{};
  while (const size_t n = fread(chunk.data(), 1, chunk.size(), pipe.get()))
    outcome.out.append(chunk.data(), n);
  const int status = pclose(pipe.get());
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::ifstream file(errors);
  outcome.err.assign(std::istreambuf_iterator<char>(file), {});
  return outcome;
}

inline Outcome run_virtual(const std::string& arguments) {
  return run_program(arguments, "LD_LIBRARY_PATH=" TCONV_VIRTUAL);
}

}  // namespace tconv::bench
