// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/formats/native.hpp"

#include <cmath>
#include <cstddef>
#include <set>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

namespace backline::plugin::native {

namespace {

// Far beyond any real plugin; what exceeds them is a mistake, and would cost memory before anybody
// noticed.
constexpr std::uint32_t kPluginsMax = 1024;
constexpr std::uint32_t kPortsMax = 256;
constexpr std::uint32_t kParamsMax = 4096;
constexpr std::uint32_t kResultsMax = 256;
constexpr std::uint32_t kLabelsMax = 1024;
constexpr std::uint32_t kChannelsMax = 64;
constexpr std::uint32_t kResultValuesMax = 1u << 20;
constexpr std::uint64_t kJobMemoryMax = 64u << 20;
constexpr std::size_t kIdMax = 127;

/// Reads one descriptor; `where_` is what messages begin with.
class Reader {
  public:
    PluginInfo read(const bl_descriptor* from, std::uint32_t index, const std::string& path);

  private:
    template <typename... Args>
    [[noreturn]] void refuse(fmt::format_string<Args...> text, Args&&... args) const {
        throw PluginError("plugin_refused",
                          where_ + ": " + fmt::format(text, std::forward<Args>(args)...));
    }

    std::string required(const char* text, const char* what) const;
    void count(const char* what, std::uint32_t n, std::uint32_t max, const void* array) const;
    template <typename T, typename Read>
    void each(const char* what, const T* array, std::uint32_t n, std::uint32_t stride,
              std::uint32_t max, Read read);
    void symbol(const char* text, std::set<std::string>& seen) const;

    PortInfo port(const bl_port& from) const;
    ParamInfo param(const bl_param& from) const;
    void range(const bl_param& from) const;
    void labels(const bl_param& from, ParamInfo& to) const;
    ResultInfo result(const bl_result& from) const;
    WorkerInfo worker(const bl_worker& from) const;
    void roles(const std::vector<PortInfo>& ports) const;

    std::string where_;
    std::string plugin_;
};

std::string text_or_empty(const char* text) {
    return text != nullptr ? text : "";
}

bool is_whole(double value) {
    return std::isfinite(value) && value == std::nearbyint(value);
}

bool is_symbol(const std::string& text) {
    const auto letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    if (text.empty() || !letter(text[0])) return false;
    for (const char c : text)
        if (!letter(c) && !(c >= '0' && c <= '9')) return false;
    return true;
}

/// At least two parts of [A-Za-z0-9_-] between dots.
bool is_id(const std::string& text) {
    std::size_t parts = 1, length = 0;
    for (const char c : text) {
        if (c == '.') {
            if (length == 0) return false;
            ++parts;
            length = 0;
            continue;
        }
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
              || c == '-'))
            return false;
        ++length;
    }
    return parts >= 2 && length != 0 && text.size() <= kIdMax;
}

std::string Reader::required(const char* text, const char* what) const {
    if (text == nullptr || *text == '\0') refuse("has no {}", what);
    return text;
}

void Reader::count(const char* what, std::uint32_t n, std::uint32_t max, const void* array) const {
    if (n > max) refuse("{} {}s, at most {} are possible", n, what, max);
    if (n != 0 && array == nullptr) refuse("{} {}s, but their array is NULL", n, what);
}

void Reader::symbol(const char* text, std::set<std::string>& seen) const {
    const std::string symbol = required(text, "symbol");
    if (!is_symbol(symbol)) refuse("symbol \"{}\" is not [A-Za-z_][A-Za-z0-9_]*", symbol);
    if (!seen.insert(symbol).second) refuse("symbol \"{}\" is there twice", symbol);
}

/// Calls `read` for each element of an array whose elements may be longer than this host knows.
template <typename T, typename Read>
void Reader::each(const char* what, const T* array, std::uint32_t n, std::uint32_t stride,
                  std::uint32_t max, Read read) {
    where_ = plugin_;
    count(what, n, max, array);
    if (n != 0 && (stride < sizeof(T) || stride % alignof(T) != 0))
        refuse("a {} has {} bytes, expected {} or a larger multiple of {}", what, stride, sizeof(T),
               alignof(T));
    std::set<std::string> symbols;
    std::set<std::uint32_t> ids;
    for (std::uint32_t i = 0; i < n; ++i) {
        const T& element = *reinterpret_cast<const T*>(reinterpret_cast<const std::byte*>(array)
                                                       + std::size_t{i} * stride);
        where_ = fmt::format("{}: {} {}", plugin_, what, i);
        symbol(element.symbol, symbols);
        where_ = fmt::format("{}: {} \"{}\"", plugin_, what, element.symbol);
        if constexpr (!std::is_same_v<T, bl_port>)
            if (!ids.insert(element.id).second) refuse("id {} is there twice", element.id);
        read(element);
    }
    where_ = plugin_;
}

PortInfo Reader::port(const bl_port& from) const {
    if (from.kind == BL_PORT_CONTROL) refuse("is of kind control, which is reserved");
    if (from.kind > BL_PORT_CONTROL) refuse("is of unknown kind {}", from.kind);
    if (from.direction > BL_OUTPUT) refuse("is of unknown direction {}", from.direction);
    if (from.kind == BL_PORT_AUDIO) {
        if (from.channels_min < 1 || from.channels_max > kChannelsMax
            || from.channels_min > from.channels_max)
            refuse("has {}..{} channels, expected a range within 1..{}", from.channels_min,
                   from.channels_max, kChannelsMax);
        if (from.channels_default < from.channels_min || from.channels_default > from.channels_max)
            refuse("has {} channels by default, expected {}..{}", from.channels_default,
                   from.channels_min, from.channels_max);
    } else if (from.channels_min != 0 || from.channels_max != 0 || from.channels_default != 0) {
        refuse("is an event port with channels");
    }
    return {from.symbol, text_or_empty(from.name), from.kind,         from.direction,
            from.flags,  from.channels_min,        from.channels_max, from.channels_default};
}

void Reader::roles(const std::vector<PortInfo>& ports) const {
    std::set<std::pair<std::uint32_t, std::uint32_t>> mains;
    for (const PortInfo& port : ports)
        if ((port.flags & BL_PORT_MAIN) != 0 && !mains.insert({port.direction, port.kind}).second)
            refuse("port \"{}\" is a second main {} {} port", port.symbol,
                   port.kind == BL_PORT_AUDIO ? "audio" : "event",
                   port.direction == BL_INPUT ? "input" : "output");
    for (const PortInfo& port : ports)
        if ((port.flags & BL_PORT_IN_PLACE) != 0
            && (port.direction != BL_OUTPUT || port.kind != BL_PORT_AUDIO
                || !mains.contains({BL_INPUT, BL_PORT_AUDIO})))
            refuse("port \"{}\" is in-place, which needs an audio output and a main audio input",
                   port.symbol);
}

void Reader::range(const bl_param& from) const {
    if (!std::isfinite(from.min) || !std::isfinite(from.max) || !std::isfinite(from.def))
        refuse("range {}..{} with default {} is not finite", from.min, from.max, from.def);
    if (!(from.min < from.max)) refuse("range {}..{} is empty", from.min, from.max);
    if (from.def < from.min || from.def > from.max)
        refuse("default {} is outside of {}..{}", from.def, from.min, from.max);
    if (from.scale == BL_SCALE_LOG && from.min <= 0.0)
        refuse("is logarithmic from {}, expected a minimum above 0", from.min);
    if (from.scale == BL_SCALE_TOGGLE && (from.min != 0.0 || from.max != 1.0))
        refuse("is a toggle of range {}..{}, expected 0..1", from.min, from.max);
    if ((from.scale == BL_SCALE_INTEGER || from.scale == BL_SCALE_TOGGLE
         || from.scale == BL_SCALE_ENUM)
        && !(is_whole(from.min) && is_whole(from.max) && is_whole(from.def)))
        refuse("takes whole numbers, but its range is {}..{} with default {}", from.min, from.max,
               from.def);
}

void Reader::labels(const bl_param& from, ParamInfo& to) const {
    count("label", from.label_count, kLabelsMax, from.labels);
    if (from.min != 0.0 || from.max != static_cast<double>(from.label_count) - 1.0)
        refuse("has {} labels and the range {}..{}, expected 0..{}", from.label_count, from.min,
               from.max, static_cast<double>(from.label_count) - 1.0);
    std::set<std::string> seen;
    for (std::uint32_t i = 0; i < from.label_count; ++i) {
        to.labels.push_back(required(from.labels[i], "label for one of its values"));
        if (!seen.insert(to.labels.back()).second)
            refuse("label \"{}\" is there twice", to.labels.back());
    }
}

ParamInfo Reader::param(const bl_param& from) const {
    ParamInfo to{from.id,
                 from.symbol,
                 text_or_empty(from.name),
                 text_or_empty(from.unit),
                 from.min,
                 from.max,
                 from.def,
                 from.scale,
                 {},
                 {}};
    if (from.scale > BL_SCALE_FILE) refuse("is of unknown scale {}", from.scale);
    if (from.scale == BL_SCALE_FILE) {
        to.min = to.max = to.def = 0.0;
        to.file_kind = required(from.file_kind, "kind of file");
        return to;
    }
    range(from);
    if (from.scale == BL_SCALE_ENUM) labels(from, to);
    return to;
}

ResultInfo Reader::result(const bl_result& from) const {
    if (from.count_max < 1 || from.count_max > kResultValuesMax)
        refuse("has up to {} values, expected 1..{}", from.count_max, kResultValuesMax);
    if (!(from.min < from.max)) refuse("range {}..{} is empty", from.min, from.max);
    if (!std::isfinite(from.rate) || from.rate < 0.0)
        refuse("rate {} is not a finite number from 0", from.rate);
    return {from.id,
            from.symbol,
            text_or_empty(from.name),
            text_or_empty(from.unit),
            from.count_max,
            from.min,
            from.max,
            from.rate};
}

WorkerInfo Reader::worker(const bl_worker& from) const {
    if (from.work_class > BL_WORK_IO) refuse("worker is of unknown class {}", from.work_class);
    if ((from.job_bytes_max == 0) != (from.job_depth == 0))
        refuse("worker takes {} jobs of at most {} bytes, expected both or neither", from.job_depth,
               from.job_bytes_max);
    if (from.job_depth == 0 && from.response_bytes_max != 0)
        refuse("worker responds, but takes no jobs");
    if (std::uint64_t{from.job_bytes_max} * from.job_depth > kJobMemoryMax
        || from.response_bytes_max > kJobMemoryMax / 4)
        refuse("worker wants {} jobs of {} bytes and responses of {}, at most {} MiB in all are "
               "possible",
               from.job_depth, from.job_bytes_max, from.response_bytes_max, kJobMemoryMax >> 20);
    return {from.job_bytes_max, from.job_depth, from.response_bytes_max, from.work_class,
            from.flags};
}

PluginInfo Reader::read(const bl_descriptor* from, std::uint32_t index, const std::string& path) {
    where_ = fmt::format("descriptor {}", index);
    if (from == nullptr) refuse("is NULL");
    if (from->struct_size < sizeof(bl_descriptor))
        refuse("has {} bytes, expected at least {}", from->struct_size, sizeof(bl_descriptor));
    PluginInfo to;
    to.library = path;
    to.id = required(from->id, "id");
    if (!is_id(to.id))
        refuse("id \"{}\" is not reverse DNS (\"org.example.name\", at most {} characters)", to.id,
               kIdMax);
    plugin_ = where_ = fmt::format("plugin \"{}\"", to.id);
    to.name = required(from->name, "name");
    to.version = required(from->version, "version");
    to.vendor = text_or_empty(from->vendor);
    to.about = text_or_empty(from->about);
    to.kind = from->kind;
    if ((to.kind & (BL_KIND_EFFECT | BL_KIND_ANALYSIS | BL_KIND_GENERATOR)) == 0)
        refuse("is neither effect nor analysis nor generator");
    if (from->create == nullptr) refuse("has no create()");
    if (!(from->tail_s >= 0.0)) refuse("tail of {} s, expected 0 or more", from->tail_s);
    to.tail_s = from->tail_s;

    each("port", from->ports, from->port_count, from->port_size, kPortsMax,
         [&](const bl_port& p) { to.ports.push_back(port(p)); });
    roles(to.ports);
    each("parameter", from->params, from->param_count, from->param_size, kParamsMax,
         [&](const bl_param& p) { to.params.push_back(param(p)); });
    each("result", from->results, from->result_count, from->result_size, kResultsMax,
         [&](const bl_result& r) { to.results.push_back(result(r)); });
    to.worker = worker(from->worker);
    return to;
}

} // namespace

std::vector<PluginInfo> read(const Library& library) {
    const bl_entry& entry = library.entry();
    if (entry.descriptor_count == 0 || entry.descriptors == nullptr)
        throw PluginError("plugin_refused", "describes no plugin");
    if (entry.descriptor_count > kPluginsMax)
        throw PluginError("plugin_refused", fmt::format("describes {} plugins, at most {} are "
                                                        "possible",
                                                        entry.descriptor_count, kPluginsMax));
    std::vector<PluginInfo> all;
    std::set<std::string> ids;
    for (std::uint32_t i = 0; i < entry.descriptor_count; ++i) {
        all.push_back(Reader().read(entry.descriptors[i], i, library.path()));
        if (!ids.insert(all.back().id).second)
            throw PluginError("plugin_refused",
                              fmt::format("plugin \"{}\" is there twice", all.back().id));
    }
    return all;
}

} // namespace backline::plugin::native
