// --dump: a row's tensors as .npy, so that anybody can check us with their own framework.
#pragma once

#include <filesystem>
#include <span>

#include "bench/row.h"

namespace tconv::bench {

/// Writes x.npy [batch][ic][i..], w.npy [ic][oc/g][k..] (PyTorch's ConvTranspose order), y.npy
/// [batch][oc][o..] and, if there is one, bias.npy [oc], all float32, and row.json to folder/<row
/// number>/. Throws std::runtime_error naming the file that cannot be written.
void dump(const std::filesystem::path& folder, const RowResult&, std::span<const float> x,
          std::span<const float> w, std::span<const float> y, std::span<const float> bias = {});

}  // namespace tconv::bench
