// A reader of .npy files, written from the format's description (NumPy enhancement proposal 1) to
// check the writer.
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tconv::bench {

struct Npy {
  std::string header;  ///< the Python dict, without the padding behind it
  std::vector<float> data;
};

inline Npy read_npy(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const size_t length =
      static_cast<unsigned char>(bytes.at(8)) + 256u * static_cast<unsigned char>(bytes.at(9));
  EXPECT_EQ((10 + length) % 64, 0u) << "the data is aligned";
  EXPECT_EQ(bytes.at(10 + length - 1), '\n');
  Npy npy;
  npy.header = bytes.substr(10, length);
  npy.header.resize(npy.header.find('}') + 1);
  npy.data.resize((bytes.size() - 10 - length) / sizeof(float));
  std::memcpy(npy.data.data(), bytes.data() + 10 + length, npy.data.size() * sizeof(float));
  return npy;
}

}  // namespace tconv::bench
