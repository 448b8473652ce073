// PTXVM_PROFILE and PTXVM_MODEL, each in a fresh process: both are read when the device is first
// used.
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

__global__ void add_one(int* x) { x[threadIdx.x] += 1; }

using Json = nlohmann::json;

class Profile : public ::testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    if (!dlsym(RTLD_DEFAULT, "ptxvmVersion")) GTEST_SKIP() << "the virtual GPU only";
    file_ = std::filesystem::temp_directory_path() / "tconv_test_profile.json";
  }
  std::filesystem::path file_;
};

[[noreturn]] void launch_and_exit(int launches, const char* variable, const char* value) {
  setenv(variable, value, 1);
  int* x = nullptr;
  bool good = cudaMalloc(&x, 128) == cudaSuccess;
  for (int i = 0; i < launches; ++i) add_one<<<2, 32>>>(x);
  good = good && cudaDeviceSynchronize() == cudaSuccess;
  std::exit(good ? 0 : 1);
}

TEST_F(Profile, IsWrittenWhenTheProgramEnds) {
  std::filesystem::remove(file_);
  EXPECT_EXIT(launch_and_exit(3, "PTXVM_PROFILE", file_.c_str()), ::testing::ExitedWithCode(0), "");
  std::ifstream stream(file_);
  const Json profile = Json::parse(stream);
  EXPECT_EQ(profile["schema"], "ptxvm-profile/1");
  ASSERT_EQ(profile["kernels"].size(), 1u);
  const Json& kernel = profile["kernels"][0];
  EXPECT_NE(kernel["demangled"].get<std::string>().find("add_one(int*)"), std::string::npos);
  EXPECT_EQ(kernel["launches"], 3);
  uint64_t sectors = 0, instructions = 0;
  for (const Json& line : kernel["lines"]) {
    instructions += line["counters"].value("ptx__warp_instructions", uint64_t{0});
    sectors +=
        line["counters"].value("l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum", uint64_t{0});
  }
  EXPECT_EQ(sectors, 3u * 2 * 4);  // 3 launches of 2 warps, 128 bytes each
  EXPECT_EQ(kernel["counters"]["ptx__warp_instructions"], instructions);
  std::filesystem::remove(file_);
}

TEST_F(Profile, AFileThatCannotBeWrittenIsNamed) {
  EXPECT_EXIT(launch_and_exit(1, "PTXVM_PROFILE", "/nowhere/p.json"), ::testing::ExitedWithCode(0),
              "PTXVM_PROFILE=/nowhere/p.json: cannot write");
}

TEST_F(Profile, AnUnknownModelIsRefused) {
  EXPECT_EXIT(launch_and_exit(1, "PTXVM_MODEL", "l3"), ::testing::ExitedWithCode(1),
              "PTXVM_MODEL is 'l3': must be cache");
}

[[noreturn]] void model_and_exit() {
  setenv("PTXVM_MODEL", "cache", 1);
  const auto reset = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "ptxvmCountersReset"));
  const auto counters =
      reinterpret_cast<const char* (*)()>(dlsym(RTLD_DEFAULT, "ptxvmCountersJson"));
  int* x = nullptr;
  cudaMalloc(&x, 128);
  reset();
  add_one<<<2, 32>>>(x);
  const Json c = Json::parse(counters())["launches"][0]["counters"];
  // Two blocks on two SMs: each asks L2 for 4 sectors, DRAM gives them once.
  const bool good = c["ptx__model_l2_sectors_read"] == 8 &&
                    c["ptx__model_dram_bytes_read"] == 128 &&
                    c["ptx__model_dram_bytes_written"] == 128;
  std::exit(good ? 0 : 1);
}

TEST_F(Profile, TheModelAddsCounters) {
  EXPECT_EXIT(model_and_exit(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
