// Device profiles against headline figures of the data sheets, which are products of the profile's
// numbers.
#include <stdexcept>

#include <gtest/gtest.h>

#include "reference/device_profile.h"

namespace tconv {
namespace {

/// Peak rate in TFLOPS (two per multiply-add) of a per-SM, per-clock count.
double tflops(const DeviceProfile& p, int macs) { return 2e-3 * macs * p.sms * p.boost_ghz; }

struct Sheet {
  const char* name;
  double f32, f16_tensor, tf32_tensor;  ///< TFLOPS, dense
};

// NVIDIA's data sheets of H100 SXM, A100 SXM, L40S and T4 (rounded there), and the Ada white paper
// for the RTX 4090.
const Sheet kSheets[] = {{"h100-sxm", 67, 989.4, 494.7},
                         {"a100-sxm", 19.5, 312, 156},
                         {"l40s", 91.6, 362, 183},
                         {"rtx4090", 82.6, 165.2, 82.6},
                         {"t4", 8.1, 65, 0}};

TEST(DeviceProfile, PeaksAreThoseOfTheDataSheets) {
  ASSERT_EQ(device_profiles().size(), std::size(kSheets));
  for (const Sheet& sheet : kSheets) {
    const DeviceProfile& p = device_profile(sheet.name);
    EXPECT_NEAR(tflops(p, p.fma_f32_lanes), sheet.f32, 0.01 * sheet.f32) << sheet.name;
    EXPECT_GE(tflops(p, p.tensor_macs_f16), 0.99 * sheet.f16_tensor) << sheet.name;
    EXPECT_LE(tflops(p, p.tensor_macs_f16), 1.09 * sheet.f16_tensor) << sheet.name;
    EXPECT_GE(tflops(p, p.tensor_macs_tf32), 0.99 * sheet.tf32_tensor) << sheet.name;
    EXPECT_LE(tflops(p, p.tensor_macs_tf32), 1.09 * sheet.tf32_tensor) << sheet.name;
  }
}

TEST(DeviceProfile, NamesASourceAndIsConsistent) {
  for (const DeviceProfile& p : device_profiles()) {
    EXPECT_FALSE(p.source.empty()) << p.name;
    EXPECT_NE(p.source.find("atomics: no published rate"), std::string_view::npos) << p.name;
    EXPECT_GE(p.shared_bytes_per_block_optin, p.shared_bytes_per_block);
    EXPECT_GE(p.shared_bytes_per_sm, p.shared_bytes_per_block_optin);
    EXPECT_GE(p.l1_bytes_per_sm, p.shared_bytes_per_sm);
    EXPECT_LE(p.atomics_per_l2_clock, 32.0 * p.sms);
    EXPECT_GT(p.dram_bytes_per_s, 0);
    EXPECT_LE(p.l2_bytes_per_clock, 64.0 * p.sms) << p.name;
    EXPECT_GT(p.l2_bytes_per_clock * p.boost_ghz * 1e9, p.dram_bytes_per_s) << p.name;
  }
}

TEST(DeviceProfile, UnknownNamesAreToldTheKnownOnes) {
  try {
    device_profile("v100");
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(),
                 "device profile \"v100\": must be one of h100-sxm, a100-sxm, l40s, rtx4090, t4");
  }
}

}  // namespace
}  // namespace tconv
