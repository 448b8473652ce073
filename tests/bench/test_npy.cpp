// Read back by a reader written here from the format's description (NumPy enhancement proposal 1).
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bench/npy.h"

namespace tconv::bench {
namespace {

struct Npy {
  std::string header;
  std::vector<float> data;
};

Npy read_npy(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const size_t length =
      static_cast<unsigned char>(bytes.at(8)) + 256u * static_cast<unsigned char>(bytes.at(9));
  EXPECT_EQ((10 + length) % 64, 0u);
  EXPECT_EQ(bytes.at(10 + length - 1), '\n');
  Npy npy{bytes.substr(10, length),
          std::vector<float>((bytes.size() - 10 - length) / sizeof(float))};
  std::memcpy(npy.data.data(), bytes.data() + 10 + length, npy.data.size() * sizeof(float));
  return npy;
}

TEST(Npy, HoldsShapeAndData) {
  const auto path = std::filesystem::path(testing::TempDir()) / "tensor.npy";
  const std::vector<float> data{1, 2, 3, -4.5F, 5, 6};
  write_npy(path, data, std::vector<int64_t>{1, 2, 3});
  const Npy npy = read_npy(path);
  EXPECT_EQ(npy.header.substr(0, npy.header.find('}') + 1),
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }");
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
