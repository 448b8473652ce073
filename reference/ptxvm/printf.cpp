#include "reference/ptxvm/printf.h"

#include <cstdio>
#include <string_view>

namespace ptxvm {
namespace {

/// snprintf of one conversion.
template <class T>
std::string convert(const std::string& spec, T value) {
  char small[128];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  const int n = std::snprintf(small, sizeof small, spec.c_str(), value);
  if (n < int(sizeof small)) return n < 0 ? std::string() : std::string(small, size_t(n));
  std::string large(size_t(n) + 1, '\0');
  std::snprintf(large.data(), large.size(), spec.c_str(), value);
#pragma GCC diagnostic pop
  large.resize(size_t(n));
  return large;
}

class Arguments {
 public:
  explicit Arguments(const std::function<bool(uint64_t, void*, uint64_t)>& fetch) : fetch_(fetch) {}
  template <class T>
  T next() {
    offset_ = (offset_ + sizeof(T) - 1) / sizeof(T) * sizeof(T);
    T value{};
    fetch_(offset_, &value, sizeof(T));
    offset_ += sizeof(T);
    ++used;
    return value;
  }
  int used = 0;

 private:
  const std::function<bool(uint64_t, void*, uint64_t)>& fetch_;
  uint64_t offset_ = 0;
};

std::string convert_next(const std::string& flags, bool is_long, char kind, Arguments& arguments,
                         const std::function<std::string(uint64_t)>& text) {
  const std::string_view kinds = "diouxXc";
  if (kind == 's') return convert(flags + "s", text(arguments.next<uint64_t>()).c_str());
  if (kind == 'p') return convert(flags + "p", reinterpret_cast<void*>(arguments.next<uint64_t>()));
  if (kind == 'c') return convert(flags + "c", arguments.next<int32_t>());
  if (kinds.find(kind) == std::string_view::npos)
    return convert(flags + kind, arguments.next<double>());
  if (is_long) return convert(flags + "ll" + kind, arguments.next<long long>());
  return convert(flags + kind, arguments.next<int32_t>());
}

}  // namespace

std::string format_printf(const std::string& format,
                          const std::function<bool(uint64_t, void*, uint64_t)>& fetch,
                          const std::function<std::string(uint64_t)>& text, int& converted) {
  Arguments arguments(fetch);
  std::string out;
  for (size_t i = 0; i < format.size();) {
    if (format[i] != '%') {
      out += format[i++];
      continue;
    }
    std::string flags = "%";
    bool is_long = false;
    for (++i; i < format.size() &&
              std::string_view("-+ #0123456789.*hljztL").find(format[i]) != std::string_view::npos;
         ++i) {
      if (format[i] == '*')
        flags += std::to_string(arguments.next<int32_t>());
      else if (format[i] == 'l' || format[i] == 'j' || format[i] == 'z' || format[i] == 't')
        is_long = true;
      else if (format[i] == 'h')
        flags += 'h';
      else if (format[i] != 'L')
        flags += format[i];
    }
    if (i == format.size()) break;
    const char kind = format[i++];
    if (kind == '%')
      out += '%';
    else if (std::string_view("diouxXcspfFeEgGaA").find(kind) != std::string_view::npos)
      out += convert_next(flags, is_long, kind, arguments, text);
    else
      out += flags + kind;
  }
  converted = arguments.used;
  return out;
}

}  // namespace ptxvm
