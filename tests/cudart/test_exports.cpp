// The drop-in exports what the real library exports: the list (api.def), the names that the loader
// finds, and their version.
#include <cstdio>
#include <dlfcn.h>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace {

const std::set<std::string>& listed() {
  static const std::set<std::string> names = {
#define IMPLEMENTED(function) #function,
#define UNSUPPORTED(function) #function,
#include "reference/cudart/api.def"
#if CUDART_MAJOR == 12
#include "reference/cudart/api_cuda12.def"
#endif
  };
  return names;
}

/// "name@@version" of each function that a library defines.
std::set<std::string> exports_of(const std::string& library) {
  std::set<std::string> names;
  const std::unique_ptr<FILE, int (*)(FILE*)> nm(
      popen(("nm -D --defined-only " + library).c_str(), "r"), pclose);
  char name[256], type = 0;
  while (nm && std::fscanf(nm.get(), "%*s %c %255s", &type, name) == 2)
    if (type == 'T' || type == 't' || type == 'W') names.insert(name);
  return names;
}

TEST(Exports, EveryFunctionOfTheListUnderTheRealLibrarysVersion) {
  const auto exported = exports_of(TCONV_VIRTUAL_CUDART);
  for (const std::string& name : listed())
    EXPECT_TRUE(exported.contains(name + "@@" TCONV_CUDART_SONAME)) << name;
}

TEST(Exports, NothingElseButTheVirtualGpusOwn) {
  for (const std::string& name : exports_of(TCONV_VIRTUAL_CUDART)) {
    const std::string plain = name.substr(0, name.find('@'));
    EXPECT_TRUE(listed().contains(plain) || plain.starts_with("ptxvm")) << plain;
  }
}

TEST(Exports, TheListIsTheRealLibrarys) {
  const auto real = exports_of(TCONV_REAL_CUDART);
  if (real.empty()) GTEST_SKIP() << TCONV_REAL_CUDART " has no symbols to compare with";
  if (std::string(TCONV_CUDART_SONAME) != "libcudart.so.13")
    GTEST_SKIP() << "the list is CUDA 13's";
  std::set<std::string> names;
  for (const std::string& name : real) names.insert(name.substr(0, name.find('@')));
  EXPECT_EQ(listed(), names);
}

/// libcuda.so.1 only hands on: what it exports must be what the runtime finds.
TEST(Exports, OfTheDriverAreTheRuntimesDriverFunctions) {
  const auto exported = exports_of(TCONV_VIRTUAL_CUDA);
  EXPECT_TRUE(exported.contains("cuMemGetAddressRange_v2")) << "the name that cuda.h gives it";
  void* const library = dlopen(TCONV_VIRTUAL_CUDART, RTLD_NOW | RTLD_LOCAL);
  ASSERT_TRUE(library) << dlerror();
  using EntryPoint = int(const char*, void**, unsigned long long, int*);
  auto* const find = reinterpret_cast<EntryPoint*>(dlsym(library, "cudaGetDriverEntryPoint"));
  ASSERT_TRUE(find);
  for (const std::string& name : exported) {
    const std::string plain = name.ends_with("_v2") ? name.substr(0, name.size() - 3) : name;
    void* function = nullptr;
    find(plain.c_str(), &function, 0, nullptr);
    EXPECT_TRUE(function) << plain;
  }
}

TEST(Exports, DoNotNeedTheRealLibrary) {
  const std::unique_ptr<FILE, int (*)(FILE*)> out(popen("readelf -d " TCONV_VIRTUAL_CUDART, "r"),
                                                  pclose);
  char line[512];
  while (std::fgets(line, sizeof(line), out.get())) {
    const std::string text = line;
    const bool needed = text.find("NEEDED") != text.npos, soname = text.find("SONAME") != text.npos;
    EXPECT_FALSE(needed && text.find("cuda") != text.npos) << text;
    EXPECT_TRUE(!soname || text.find(TCONV_CUDART_SONAME) != text.npos) << text;
  }
}

TEST(Errors, HaveTheNamesOfTheRealLibrary) {
  void* real = dlopen(TCONV_REAL_CUDART, RTLD_NOW | RTLD_LOCAL);
  void* ours = dlopen(TCONV_VIRTUAL_CUDART, RTLD_NOW | RTLD_LOCAL);
  ASSERT_TRUE(ours) << dlerror();
  if (!real) GTEST_SKIP() << dlerror();
  using Name = const char* (*)(int);
  const auto expected = reinterpret_cast<Name>(dlsym(real, "cudaGetErrorName"));
  const auto name = reinterpret_cast<Name>(dlsym(ours, "cudaGetErrorName"));
  for (int code = 0; code < 1000; ++code) EXPECT_STREQ(name(code), expected(code)) << code;
}

}  // namespace
