// Problem <-> text: the grammar of benchdnn's --deconv driver (oneDNN,
// tests/benchdnn/doc/driver_conv.md).
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "reference/checked.h"
#include "reference/problem.h"

namespace tconv {
namespace {

constexpr std::string_view kAxisLetters = "dhw";
constexpr std::string_view kQuantities =
    "iokspd";  // input, output, kernel, stride, low crop, dilation

struct Key {
  std::string_view text;
  std::optional<int64_t> value;
};

/// What was written, before defaults.
struct Descriptor {
  Key batch{"mb", {}}, in_channels{"ic", {}}, out_channels{"oc", {}}, groups{"g", {}};
  std::array<std::array<std::optional<int64_t>, 6>, 3> axes;  // [axis][quantity]
  std::string name;

  std::optional<int64_t>& at(int axis, char quantity) {
    return axes[axis][kQuantities.find(quantity)];
  }
};

/// Text for a message, which must stay one line: what is not printable as \xNN, and 60 characters
/// at most.
std::string shown(std::string_view text) {
  constexpr size_t kLimit = 60;
  std::string out;
  for (const char c : text.substr(0, kLimit)) {
    if (c >= ' ' && c < 127) {
      out += c;
      continue;
    }
    constexpr std::string_view kHex = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    out.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
  }
  return text.size() > kLimit ? out + "..." : out;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Descriptor run() {
    if (text_.empty()) throw ProblemError("empty descriptor: need at least ic, oc, iw, kw");
    while (pos_ < text_.size()) {
      if (text_[pos_] == '_') {
        ++pos_;
      } else if (text_[pos_] == 'n') {
        read_name();
      } else {
        read_pair();
      }
    }
    return d_;
  }

 private:
  std::string_view rest() const { return text_.substr(pos_); }

  void read_pair() {
    for (Key* key : {&d_.batch, &d_.in_channels, &d_.out_channels, &d_.groups}) {
      if (rest().starts_with(key->text)) return read_value(key->text, key->value);
    }
    if (text_.size() - pos_ >= 2) {
      const size_t quantity = kQuantities.find(text_[pos_]);
      const size_t axis = kAxisLetters.find(text_[pos_ + 1]);
      if (quantity != std::string_view::npos && axis != std::string_view::npos) {
        return read_value(text_.substr(pos_, 2), d_.axes[axis][quantity]);
      }
    }
    throw ProblemError("\"" + shown(rest().substr(0, 16)) + "\" at character " +
                       std::to_string(pos_ + 1) +
                       ": unknown key; known: g mb ic oc, {i,o,k,s,p,d}{d,h,w}, n\"name\"");
  }

  void read_value(std::string_view key, std::optional<int64_t>& slot) {
    const std::string k(key);
    if (slot) throw ProblemError(k + ": given twice");
    pos_ += key.size();
    int64_t value = 0;
    const char* const begin = text_.data() + pos_;
    const char* const end = text_.data() + text_.size();
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error == std::errc::result_out_of_range) {
      throw ProblemError(k + std::string(begin, stop) + ": exceeds 2^63-1");
    }
    if (error != std::errc{}) throw ProblemError(k + ": must be followed by an integer");
    if (stop != end && (*stop == '.' || *stop == ',' || *stop == 'e' || *stop == 'E')) {
      throw ProblemError(k + shown({begin, end}) + ": must be a whole number");
    }
    if (value < 0) {
      throw ProblemError(k + std::string(begin, stop) + ": must not be negative");
    }
    slot = value;
    pos_ += static_cast<size_t>(stop - begin);
  }

  void read_name() {
    std::string_view name = rest().substr(1);
    if (name.size() < 2 || name.front() != '"' || name.back() != '"') {
      throw ProblemError("n" + shown(name) +
                         ": a name must be quoted and come last, as n\"model:layer\"");
    }
    name = name.substr(1, name.size() - 2);
    const auto plain = [](char c) { return c > ' ' && c < 127 && c != '"' && c != '\\'; };
    if (name.empty() || !std::all_of(name.begin(), name.end(), plain)) {
      throw ProblemError(
          "n\"" + shown(name) +
          "\": a name must be printable, not empty, without blanks, quotes or backslashes");
    }
    d_.name = name;
    pos_ = text_.size();
  }

  std::string_view text_;
  size_t pos_ = 0;
  Descriptor d_;
};

/// An axis is given if a size of it is, or if another quantity differs from its neutral value (as
/// in benchdnn).
bool axis_given(Descriptor& d, int axis) {
  return d.at(axis, 'i') || d.at(axis, 'o') || d.at(axis, 'k') ||
         d.at(axis, 's').value_or(1) != 1 || d.at(axis, 'p').value_or(0) != 0 ||
         d.at(axis, 'd').value_or(0) != 0;
}

Axis resolve_axis(Descriptor& d, int axis) {
  const char letter = kAxisLetters[axis];
  const auto need = [&](char quantity, const char* what) {
    const auto v = d.at(axis, quantity);
    if (!v) throw ProblemError(std::string{quantity, letter} + ": missing (" + what + ")");
    return *v;
  };
  Axis a;
  a.in = need('i', "input size");
  a.kernel = need('k', "kernel size");
  a.stride = d.at(axis, 's').value_or(1);
  const std::string what = std::string{"axis "} + letter + ": extent before cropping";
  a.dilation = checked_add(d.at(axis, 'd').value_or(0), 1, what);
  const auto out = d.at(axis, 'o');
  const auto crop = d.at(axis, 'p');
  a.crop_lo = crop.value_or(0);
  a.out = out.value_or(1);
  if (out && crop) return a;

  Axis uncropped = a;  // sizes must be sane before anything is derived from them
  uncropped.crop_lo = 0;
  uncropped.out = 1;
  Problem probe;
  probe.rank = 3;
  probe.axes[axis] = uncropped;
  probe.validate();
  if (out) {
    // Half of what has to go, rounded down; nothing if rows are missing rather than in excess.
    a.crop_lo = std::max<int64_t>(0, checked_sub(a.full(), *out, what)) / 2;
    return a;
  }
  a.out = a.full();
  if (a.crop_lo > (a.full() - 1) / 2) {
    throw ProblemError(std::string("p") + letter + std::to_string(a.crop_lo) +
                       ": crops all of the extent " + std::to_string(a.full()) +
                       "; output size must be at least 1");
  }
  a.out = a.full() - 2 * a.crop_lo;
  return a;
}

}  // namespace

Problem Problem::parse(std::string_view text) {
  Descriptor d = Parser(text).run();
  Problem p;
  p.name = d.name;
  p.batch = d.batch.value.value_or(2);
  p.groups = d.groups.value.value_or(1);
  for (const auto& [key, what] : {std::pair{&d.in_channels, "input channels"},
                                  std::pair{&d.out_channels, "output channels"}}) {
    if (!key->value) throw ProblemError(std::string(key->text) + ": missing (" + what + ")");
  }
  p.in_channels = *d.in_channels.value;
  p.out_channels = *d.out_channels.value;

  const bool has_d = axis_given(d, 0), has_h = axis_given(d, 1), has_w = axis_given(d, 2);
  if (!has_d && !has_h && !has_w) throw ProblemError("iw: missing (input size); no axis is given");
  p.rank = has_d ? 3 : has_h ? 2 : 1;
  for (int axis = 3 - p.rank; axis < 3; ++axis) {
    const bool given = axis == 0 ? has_d : axis == 1 ? has_h : has_w;
    p.axes[axis] = given ? resolve_axis(d, axis) : p.axes[axis - 1];
  }
  p.validate();
  return p;
}

std::string Problem::str() const {
  const auto spatial = [&](char quantity, auto&& value) {
    std::string s;
    for (int axis = 3 - rank; axis < 3; ++axis) {
      s += quantity;
      s += kAxisLetters[axis];
      s += std::to_string(value(axes[axis]));
    }
    return s;
  };
  std::string s = groups == 1 ? "" : "g" + std::to_string(groups);
  s += "mb" + std::to_string(batch);
  s += "_ic" + std::to_string(in_channels) + spatial('i', [](const Axis& a) { return a.in; });
  s += "_oc" + std::to_string(out_channels) + spatial('o', [](const Axis& a) { return a.out; });
  s += "_" + spatial('k', [](const Axis& a) { return a.kernel; });
  s += "_" + spatial('s', [](const Axis& a) { return a.stride; });
  s += "_" + spatial('p', [](const Axis& a) { return a.crop_lo; });
  if (std::any_of(axes.begin(), axes.end(), [](const Axis& a) { return a.dilation != 1; })) {
    s += "_" + spatial('d', [](const Axis& a) { return a.dilation - 1; });
  }
  return s;
}

}  // namespace tconv
