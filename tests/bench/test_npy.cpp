#include <vector>

#include <gtest/gtest.h>

#include "bench/npy.h"
#include "tests/bench/read_npy.h"

namespace tconv::bench {
namespace {

TEST(Npy, HoldsShapeAndData) {
  const auto path = std::filesystem::path(testing::TempDir()) / "tensor.npy";
  const std::vector<float> data{1, 2, 3, -4.5F, 5, 6};
  write_npy(path, data, std::vector<int64_t>{1, 2, 3});
  const Npy npy = read_npy(path);
  EXPECT_EQ(npy.header, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }");
  EXPECT_EQ(npy.data, data);
}

TEST(Npy, WritesATupleOfOneAsPythonDoes) {
  const auto path = std::filesystem::path(testing::TempDir()) / "vector.npy";
  write_npy(path, std::vector<float>{1, 2}, std::vector<int64_t>{2});
  EXPECT_NE(read_npy(path).header.find("'shape': (2,),"), std::string::npos);
}

TEST(Npy, NamesTheFileItCannotWrite) {
  try {
    write_npy("/nonexistent/x.npy", {}, {});
    FAIL() << "no exception";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "cannot write /nonexistent/x.npy");
  }
}

}  // namespace
}  // namespace tconv::bench
