// NVTX ranges in the domain "tconv": one per row, with "prepare", "launch" and "check" nested in
// it. Cost nothing without a tool.
#pragma once

#include <cstdint>
#include <string>

#include <nvtx3/nvToolsExt.h>  // not nvtx3.hpp: CUDA ships that from 12.9 on

#include "reference/problem.h"

namespace tconv::bench {

/// The domain, with a category per op: Nsight groups by it.
inline nvtxDomainHandle_t nvtx_domain() {
  static const nvtxDomainHandle_t domain = [] {
    const nvtxDomainHandle_t created = nvtxDomainCreateA("tconv");
    for (const Op op : kOps)
      nvtxDomainNameCategoryA(created, static_cast<uint32_t>(op) + 1,
                              std::string(to_string(op)).c_str());
    return created;
  }();
  return domain;
}

/// A range from here to the end of the scope. Strings are registered, because nsys matches only
/// such names; the payload is a row's number of needed multiply-adds.
class NvtxRange {
 public:
  NvtxRange(const std::string& text, Op op, int64_t payload) {
    nvtxEventAttributes_t event{};
    event.version = NVTX_VERSION;
    event.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
    event.category = static_cast<uint32_t>(op) + 1;  // 0 is no category
    event.payloadType = NVTX_PAYLOAD_TYPE_INT64;
    event.payload.llValue = payload;
    event.messageType = NVTX_MESSAGE_TYPE_REGISTERED;
    event.message.registered = nvtxDomainRegisterStringA(nvtx_domain(), text.c_str());
    nvtxDomainRangePushEx(nvtx_domain(), &event);
  }
  ~NvtxRange() { nvtxDomainRangePop(nvtx_domain()); }
  NvtxRange(const NvtxRange&) = delete;
  NvtxRange& operator=(const NvtxRange&) = delete;
};

}  // namespace tconv::bench
