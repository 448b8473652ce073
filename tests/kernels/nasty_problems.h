// Problems that break kernels: each row names what it is there for.
#pragma once

#include <array>

namespace tconv {

struct NastyProblem {
  const char* why;
  const char* descriptor;
};

inline constexpr std::array kNastyProblems = {
    NastyProblem{"one of everything", "mb1_ic1oc1_iw1_kw1"},
    NastyProblem{"batch 0 is a no-op", "mb0_ic4oc4_ih4iw4_kh3kw3_sh2sw2"},
    NastyProblem{"1-D, long filter, few channels", "mb2_ic5oc2_iw37_kw25_sw4_pw10"},
    NastyProblem{"1-D, audio: k = 2s", "mb1_ic16oc8_iw32_kw16_sw8_pw4"},
    NastyProblem{"1-D, many phases", "mb1_ic3oc3_iw5_kw64_sw32"},
    NastyProblem{"2-D, k = s", "mb2_ic13oc8_ih5iw7_kh2kw2_sh2sw2"},
    NastyProblem{"2-D, k = s, cropped off its vectors", "mb1_ic4oc3_ih4iw5_kh2kw2_sh2sw2_ph1pw1"},
    NastyProblem{"2-D, k%s = 0, 4x4 map", "mb1_ic64oc32_ih4iw4_kh4kw4_sh2sw2_ph1pw1"},
    NastyProblem{"2-D, k%s != 0, odd output", "mb2_ic8oc6_ih4iw4_kh3kw3_sh2sw2"},
    NastyProblem{"2-D, output padding", "mb2_ic3oc13_ih6iw5_oh12ow10_kh3kw3_sh2sw2_ph1pw1"},
    NastyProblem{"k < s: gaps that nothing reaches", "mb2_ic3oc5_ih4iw3_kh2kw1_sh5sw4"},
    NastyProblem{"k < s with output padding", "mb1_ic2oc3_ih3iw3_oh13ow11_kh2kw2_sh5sw4_ph0pw0"},
    NastyProblem{"s = 1: the flipped convolution", "mb2_ic9oc4_ih6iw6_kh3kw3_ph1pw1"},
    NastyProblem{"dilation and stride, gcd 1", "mb1_ic4oc4_ih5iw6_kh3kw3_sh2sw3_dh2dw1"},
    NastyProblem{"dilation and stride, gcd 2", "mb1_ic4oc4_ih5iw6_kh3kw4_sh2sw4_dh1dw1"},
    NastyProblem{"dilation = stride: gaps", "mb1_ic4oc3_ih4iw4_kh3kw3_sh3sw3_dh2dw2"},
    NastyProblem{"dilation > stride, gcd 3", "mb2_ic2oc2_iw9_kw4_sw6_dw8"},
    NastyProblem{"groups", "g3mb2_ic9oc6_ih5iw5_kh4kw4_sh2sw2_ph1pw1"},
    NastyProblem{"depthwise", "g13mb2_ic13oc13_ih5iw4_kh4kw4_sh2sw2_ph1pw1"},
    NastyProblem{"depthwise, two outputs each", "g5mb1_ic5oc10_iw16_kw6_sw3_pw2"},
    NastyProblem{"crop larger than the kernel", "mb1_ic3oc3_ih9iw9_kh3kw3_sh2sw2_ph5pw4"},
    NastyProblem{"crop at one end only", "mb1_ic3oc4_ih4iw9_oh4ow13_kh4kw4_sh2sw2_ph0pw7"},
    NastyProblem{"no tap reaches any output", "mb1_ic2oc2_iw3_ow1_kw1_sw4_pw2"},
    NastyProblem{"output padding wider than a stride", "mb1_ic2oc2_iw3_ow10_kw2_sw2_dw4_pw0"},
    NastyProblem{"one input pixel, all kernel", "mb3_ic10oc7_ih1iw1_kh4kw4"},
    NastyProblem{"RGB head", "mb1_ic24oc3_ih8iw8_kh4kw4_sh2sw2_ph1pw1"},
    NastyProblem{"one output channel, k9 s3", "mb1_ic6oc1_ih6iw5_oh18ow15_kh9kw9_sh3sw3_ph4pw4"},
    NastyProblem{"axes unlike each other", "mb1_ic4oc5_ih3iw7_kh1kw5_sh3sw1_dh0dw2_ph0pw2"},
    NastyProblem{"3-D, k = s", "mb1_ic8oc4_id3ih3iw2_kd2kh2kw2_sd2sh2sw2"},
    NastyProblem{"3-D, k%s != 0", "mb2_ic3oc5_id2ih3iw3_kd3kh3kw3_sd2sh2sw2_pd1ph1pw1"},
    NastyProblem{"3-D, all different", "g2mb1_ic4oc6_id2ih3iw4_kd1kh2kw3_sd3sh2sw1_dd0dh1dw1"},
    NastyProblem{"3-D, deep kernel, nothing cropped", "mb1_ic3oc4_id3ih2iw2_kd4kh3kw2_sd2sh1sw1"},
    NastyProblem{"more channels than a tile", "mb1_ic20oc70_ih6iw6_kh3kw3_sh2sw2_ph1pw1"},
    NastyProblem{"more positions than a tile", "mb2_ic8oc20_ih17iw19_kh2kw2_sh2sw2"},
    NastyProblem{"sums over batch and space in parts", "mb3_ic5oc6_ih20iw23_kh3kw3_sh2sw2_ph1pw1"},
    NastyProblem{"deep sums in parts, few outputs", "mb1_ic320ih2iw3_oc3_kh3kw3_sh2sw2_ph1pw1"},
    NastyProblem{"a last part of one input", "g2mb1_ic6oc4_iw1025_kw4_sw2_pw1"},
    NastyProblem{"a stage and one channel more", "mb1_ic17oc68_ih9iw9_kh2kw2_sh1sw1_ph1pw1"},
};

}  // namespace tconv
