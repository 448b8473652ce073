// Special registers with a fixed value per thread, block or grid.
#include <unordered_map>

#include "reference/ptxvm/grid.h"

namespace ptxvm {

enum class Special : uint8_t {
  zero,
  tid_x,
  tid_y,
  tid_z,
  ntid_x,
  ntid_y,
  ntid_z,
  ctaid_x,
  ctaid_y,
  ctaid_z,
  nctaid_x,
  nctaid_y,
  nctaid_z,
  laneid,
  warpid,
  nwarpid,
  smid,
  nsmid,
  gridid,
  lanemask_eq,
  lanemask_le,
  lanemask_lt,
  lanemask_ge,
  lanemask_gt,
  dynamic_smem_size,
  total_smem_size,
  local_base,
  workspace_high,
  workspace_low,
  clusterid_x,
  clusterid_y,
  clusterid_z,
  nclusterid_x,
  nclusterid_y,
  nclusterid_z,
  cluster_ctaid_x,
  cluster_ctaid_y,
  cluster_ctaid_z,
  cluster_nctaid_x,
  cluster_nctaid_y,
  cluster_nctaid_z,
  cluster_ctarank,
  cluster_nctarank,
  is_explicit_cluster,
};

namespace {

// A launch without clusters is one of clusters of a single block.
const std::unordered_map<std::string_view, Special> kSpecials = {
    {"%tid.x", Special::tid_x},
    {"%tid.y", Special::tid_y},
    {"%tid.z", Special::tid_z},
    {"%ntid.x", Special::ntid_x},
    {"%ntid.y", Special::ntid_y},
    {"%ntid.z", Special::ntid_z},
    {"%ctaid.x", Special::ctaid_x},
    {"%ctaid.y", Special::ctaid_y},
    {"%ctaid.z", Special::ctaid_z},
    {"%nctaid.x", Special::nctaid_x},
    {"%nctaid.y", Special::nctaid_y},
    {"%nctaid.z", Special::nctaid_z},
    {"%laneid", Special::laneid},
    {"%warpid", Special::warpid},
    {"%nwarpid", Special::nwarpid},
    {"%smid", Special::smid},
    {"%nsmid", Special::nsmid},
    {"%gridid", Special::gridid},
    {"%lanemask_eq", Special::lanemask_eq},
    {"%lanemask_le", Special::lanemask_le},
    {"%lanemask_lt", Special::lanemask_lt},
    {"%lanemask_ge", Special::lanemask_ge},
    {"%lanemask_gt", Special::lanemask_gt},
    {"%dynamic_smem_size", Special::dynamic_smem_size},
    {"%total_smem_size", Special::total_smem_size},
    {"%aggr_smem_size", Special::total_smem_size},
    {"%local_base", Special::local_base},
    {"%envreg1", Special::workspace_high},  // as cooperative_groups reads it
    {"%envreg2", Special::workspace_low},
    {"%clusterid.x", Special::clusterid_x},
    {"%clusterid.y", Special::clusterid_y},
    {"%clusterid.z", Special::clusterid_z},
    {"%nclusterid.x", Special::nclusterid_x},
    {"%nclusterid.y", Special::nclusterid_y},
    {"%nclusterid.z", Special::nclusterid_z},
    {"%cluster_ctaid.x", Special::cluster_ctaid_x},
    {"%cluster_ctaid.y", Special::cluster_ctaid_y},
    {"%cluster_ctaid.z", Special::cluster_ctaid_z},
    {"%cluster_nctaid.x", Special::cluster_nctaid_x},
    {"%cluster_nctaid.y", Special::cluster_nctaid_y},
    {"%cluster_nctaid.z", Special::cluster_nctaid_z},
    {"%cluster_ctarank", Special::cluster_ctarank},
    {"%cluster_nctarank", Special::cluster_nctarank},
    {"%is_explicit_cluster", Special::is_explicit_cluster},
};

/// Where "%reserved_smem_offset_1" and its like point to in the system's shared memory; -1: it is
/// another register.
int64_t reserved_offset(std::string_view name) {
  constexpr std::string_view kStem = "%reserved_smem_offset_";
  if (!name.starts_with(kStem)) return -1;
  name.remove_prefix(kStem.size());
  if (name == "begin" || name == "0") return 0;
  if (name == "1") return kSystemShared / 2;  // cooperative_groups' scratch for tiles of warps
  return name == "end" || name == "cap" ? kSystemShared : -1;
}

/// A kernel that asks where it is gets it, behind its own.
uint32_t place_system_shared(Grid& grid) {
  if (!grid.system_shared) {
    grid.system_shared = (grid.shared_bytes + 127) / 128 * 128;
    if (!grid.system_shared) grid.system_shared = 128;  // 0: there is none
  }
  return grid.system_shared;
}

}  // namespace

void plan_codes(Grid& grid) {
  for (const auto& code : grid.program->codes) {
    CodePlan plan;
    plan.code = code.get();
    plan.first_site = grid.sites;
    plan.first_block = grid.blocks;
    grid.sites += code->sites;
    grid.blocks += uint32_t(code->blocks.size());
    for (const SpecialSlot& slot : code->specials) {
      if (const int64_t offset = reserved_offset(slot.name); offset >= 0) {
        const uint64_t at = place_system_shared(grid) + uint64_t(offset);
        plan.specials.push_back({Special::zero, slot.offset, slot.wide, at + slot.addend});
        continue;
      }
      const auto found = kSpecials.find(slot.name);
      if (found == kSpecials.end())
        throw PtxError(code->name + ": the special register " + slot.name + " is not supported");
      plan.specials.push_back({found->second, slot.offset, slot.wide, slot.addend});
    }
    grid.plans.push_back(std::move(plan));
  }
}

uint64_t special_value(Special which, const Cta& cta, const Warp& warp, const Frame& frame,
                       uint32_t lane) {
  const Grid& grid = cta.grid;
  const uint32_t thread = warp.index * kLanes + lane;
  const uint32_t bit = 1u << lane;
  switch (which) {
    case Special::zero:
      return 0;
    case Special::workspace_high:
      return grid.workspace >> 32;
    case Special::workspace_low:
      return uint32_t(grid.workspace);
    case Special::tid_x:
      return thread % grid.block.x;
    case Special::tid_y:
      return thread / grid.block.x % grid.block.y;
    case Special::tid_z:
      return thread / grid.block.x / grid.block.y;
    case Special::ntid_x:
      return grid.block.x;
    case Special::ntid_y:
      return grid.block.y;
    case Special::ntid_z:
      return grid.block.z;
    case Special::ctaid_x:
      return cta.block_id.x;
    case Special::ctaid_y:
      return cta.block_id.y;
    case Special::ctaid_z:
      return cta.block_id.z;
    case Special::nctaid_x:
      return grid.grid.x;
    case Special::nctaid_y:
      return grid.grid.y;
    case Special::nctaid_z:
      return grid.grid.z;
    case Special::laneid:
      return lane;
    case Special::warpid:
      return warp.index;
    case Special::nwarpid:
      return cta.warps.size();
    case Special::smid:
      return cta.linear % uint64_t(grid.config->sms);
    case Special::nsmid:
      return uint64_t(grid.config->sms);
    case Special::gridid:
      return grid.id;
    case Special::lanemask_eq:
      return bit;
    case Special::lanemask_le:
      return bit | (bit - 1);
    case Special::lanemask_lt:
      return bit - 1;
    case Special::lanemask_ge:
      return uint32_t(~(bit - 1));
    case Special::lanemask_gt:
      return uint32_t(~(bit | (bit - 1)));
    case Special::dynamic_smem_size:
      return grid.dynamic_shared;
    case Special::total_smem_size:
      return grid.shared_bytes;
    case Special::local_base:
      return frame.local_base;
    case Special::clusterid_x:
      return cta.block_id.x / grid.cluster.x;
    case Special::nclusterid_x:
      return grid.grid.x / grid.cluster.x;
    case Special::cluster_ctaid_x:
      return cta.block_id.x % grid.cluster.x;
    case Special::cluster_nctaid_x:
      return grid.cluster.x;
    case Special::clusterid_y:
      return cta.block_id.y / grid.cluster.y;
    case Special::nclusterid_y:
      return grid.grid.y / grid.cluster.y;
    case Special::cluster_ctaid_y:
      return cta.block_id.y % grid.cluster.y;
    case Special::cluster_nctaid_y:
      return grid.cluster.y;
    case Special::clusterid_z:
      return cta.block_id.z / grid.cluster.z;
    case Special::nclusterid_z:
      return grid.grid.z / grid.cluster.z;
    case Special::cluster_ctaid_z:
      return cta.block_id.z % grid.cluster.z;
    case Special::cluster_nctaid_z:
      return grid.cluster.z;
    case Special::cluster_ctarank:
      return cta.rank;
    case Special::cluster_nctarank:
      return grid.cluster.count();
    case Special::is_explicit_cluster:
      return grid.explicit_cluster ? kFullMask : 0;  // a predicate: all lanes in each word
  }
  return 0;
}

}  // namespace ptxvm
