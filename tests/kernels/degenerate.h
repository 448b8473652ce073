// The policy for degenerate problems, all of it: what is a layer and is computed right by every
// strategy that does not refuse it with a reason, and what is no layer and is refused as text. One
// test per row (test_degenerate.cpp). Tensors beyond 2^31 elements have a file of their own
// (test_huge.cpp).
#pragma once

#include <array>
#include <cstdint>

namespace tconv {

/// A layer like any other. Refusing is allowed only where a strategy says why.
struct DegenerateProblem {
  const char* name;
  const char* policy;
  const char* descriptor;
  int64_t misalign = 0;  ///< elements that every tensor lies off its alignment
};

inline constexpr std::array kDegenerateProblems = {
    DegenerateProblem{"batch_0", "nothing is read, written or launched; wgrad is zero",
                      "mb0_ic3oc2_ih3iw3_kh3kw3_sh2sw2"},
    DegenerateProblem{"size_1", "a scalar product", "mb1_ic1oc1_iw1_kw1"},
    DegenerateProblem{"size_1_on_some_axes", "neutral axes are axes",
                      "mb1_ic3oc2_id1ih5iw1_kd1kh3kw1_sd1sh2sw1"},
    DegenerateProblem{"kernel_below_stride", "outputs that no tap reaches are zero",
                      "mb2_ic3oc5_ih4iw3_kh2kw1_sh5sw4"},
    DegenerateProblem{"stride_far_above_kernel", "most outputs are zero", "mb1_ic5oc4_iw5_kw2_sw9"},
    DegenerateProblem{"stride_above_output", "phases without outputs do not exist",
                      "mb1_ic4oc3_ih1iw2_kh2kw2_sh7sw5"},
    DegenerateProblem{"kernel_above_padded_input",
                      "the kernel may be larger than what it is cut to",
                      "mb2_ic3oc4_ih2iw2_oh2ow2_kh7kw7_ph3pw3"},
    DegenerateProblem{"crop_above_kernel", "inputs whose outputs are all cut off have no effect",
                      "mb1_ic3oc3_ih9iw9_kh3kw3_sh2sw2_ph5pw4"},
    DegenerateProblem{"crop_leaves_one", "one output is a layer",
                      "mb1_ic5oc3_ih4iw4_oh1ow1_kh4kw4_sh2sw2_ph4pw5"},
    DegenerateProblem{"crop_leaves_none_reached", "an output of zeros is an output",
                      "mb1_ic2oc2_iw3_ow1_kw1_sw4_pw2"},
    DegenerateProblem{"output_padding", "appended outputs that no tap reaches are zero",
                      "mb1_ic2oc3_ih3iw3_oh13ow11_kh2kw2_sh5sw4_ph0pw0"},
    DegenerateProblem{"dilation_above_everything",
                      "taps whose outputs are all cut off have no effect",
                      "mb1_ic3oc2_iw4_ow5_kw3_sw2_dw9_pw8"},
    DegenerateProblem{"channels_1_to_13", "any number of channels",
                      "mb1_ic1oc13_ih5iw5_kh3kw3_sh2sw2"},
    DegenerateProblem{"channels_3_to_1", "any number of channels",
                      "mb1_ic3oc1_ih5iw5_kh4kw4_sh2sw2"},
    DegenerateProblem{"channels_13_to_3", "any number of channels",
                      "mb1_ic13oc3_ih5iw5_kh2kw2_sh2sw2"},
    DegenerateProblem{"no_multiple_of_a_vector", "no width has to be a multiple of anything",
                      "mb1_ic7oc9_ih5iw7_oh9ow13_kh3kw3_sh2sw2_ph1pw1"},
    DegenerateProblem{"one_above_a_vector", "no width has to be a multiple of anything",
                      "mb1_ic33oc17_ih4iw4_kh2kw2_sh2sw2"},
    DegenerateProblem{"misaligned_by_1", "tensors need no alignment beyond their type's",
                      "mb1_ic16oc64_ih6iw6_kh4kw4_sh2sw2_ph1pw1", 1},
    DegenerateProblem{"misaligned_by_2", "tensors need no alignment beyond their type's",
                      "mb1_ic32oc32_ih4iw4_kh2kw2_sh2sw2", 2},
    DegenerateProblem{"misaligned_by_3_in_groups", "tensors need no alignment beyond their type's",
                      "g2mb2_ic8oc16_ih4iw4_kh2kw2_sh2sw2", 3},
    DegenerateProblem{"as_many_groups_as_channels", "depthwise is a layer",
                      "g13mb1_ic13oc13_ih5iw4_kh4kw4_sh2sw2_ph1pw1"},
    DegenerateProblem{"batch_above_65535", "a batch may be larger than a grid's y and z",
                      "mb65537_ic1oc1_iw1_kw2_sw2"},
};

/// Text that is no layer: refused with one line that names the field, the value and the rule.
struct RefusedText {
  const char* name;
  const char* descriptor;
  const char* message;  ///< a part of it
};

inline constexpr std::array kRefusedTexts = {
    RefusedText{"negative_batch", "mb-1_ic1oc1_iw1_kw1", "mb"},
    RefusedText{"no_channels", "mb1_ic0oc1_iw1_kw1", "ic0: input channels must be at least 1"},
    RefusedText{"no_input", "mb1_ic1oc1_iw0_kw1", "iw0: input size must be at least 1"},
    RefusedText{"no_kernel", "mb1_ic1oc1_iw1_kw0", "kw0: kernel size must be at least 1"},
    RefusedText{"no_stride", "mb1_ic1oc1_iw1_kw1_sw0", "sw0: stride must be at least 1"},
    RefusedText{"no_output", "mb1_ic1oc1_iw2_kw2_pw9", "output size must be at least 1"},
    RefusedText{"no_groups", "g0mb1_ic1oc1_iw1_kw1", "g0: groups must be at least 1"},
    RefusedText{"groups_that_do_not_divide", "g2mb1_ic3oc2_iw1_kw1",
                "ic3: input channels must be a multiple of g2"},
    RefusedText{"output_padding_of_a_stride", "mb1_ic1oc1_iw2_ow5_kw1_sw2_pw0",
                "output padding 2 must be less than max(stride, dilation) = 2"},
    RefusedText{"more_than_64_bits", "mb1_ic9223372036854775807oc3_iw4_kw1", "exceeds 2^63-1"},
};

}  // namespace tconv
