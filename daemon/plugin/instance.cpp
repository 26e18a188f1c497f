// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/instance.hpp"

#include "daemon/plugin/formats/native.hpp"
#include "daemon/plugin/host_side.hpp"
#include "daemon/plugin/prefault.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace backline::plugin {

namespace {

constexpr std::uint32_t kEventsPerPort = 256;
constexpr double kJobLimit_s = 5.0;
constexpr double kEndLimit_s = 1.0;

const char* status_name(bl_status status) {
    switch (status) {
    case BL_OK:
        return "BL_OK";
    case BL_ERROR:
        return "BL_ERROR";
    case BL_NO_MEMORY:
        return "BL_NO_MEMORY";
    case BL_UNSUPPORTED:
        return "BL_UNSUPPORTED";
    default:
        return "an unknown status";
    }
}

/// Makes a call into a plugin. An exception may not cross the ABI; one that does is an error of the
/// plugin and not the end of the daemon.
template <typename Call>
auto guarded(const PluginInfo& info, const char* function, Call call) {
    try {
        return call();
    } catch (const std::exception& error) {
        throw PluginError("plugin_failed", fmt::format("plugin \"{}\": {}() threw an exception: {}",
                                                       info.id, function, error.what()));
    } catch (...) {
        throw PluginError("plugin_failed",
                          fmt::format("plugin \"{}\": {}() threw an exception", info.id, function));
    }
}

/// The functions that every instance must have, given what it declares.
void check_functions(const PluginInfo& info, const bl_plugin& plugin) {
    const auto need = [&info](bool present, const char* what) {
        if (!present)
            throw PluginError("plugin_failed",
                              fmt::format("plugin \"{}\": the instance has no {}", info.id, what));
    };
    need(plugin.activate != nullptr, "activate()");
    need(plugin.deactivate != nullptr, "deactivate()");
    need(plugin.process != nullptr, "process()");
    need(plugin.work != nullptr || info.worker.job_depth == 0, "work(), but declares jobs");
    need(plugin.on_response != nullptr || info.worker.response_bytes_max == 0,
         "on_response(), but declares responses");
}

/// The file extension; nullptr when no parameter is a file.
const bl_ext_file* file_extension(const PluginInfo& info, const bl_plugin& plugin) {
    const ParamInfo* file = nullptr;
    for (const ParamInfo& param : info.params)
        if (param.scale == BL_SCALE_FILE) file = &param;
    if (file == nullptr) return nullptr;
    const auto* const functions =
        plugin.get_extension == nullptr
            ? nullptr
            : static_cast<const bl_ext_file*>(plugin.get_extension(&plugin, BL_EXT_FILE));
    if (functions == nullptr || functions->struct_size < sizeof(bl_ext_file)
        || functions->open == nullptr || functions->install == nullptr
        || functions->close == nullptr)
        throw PluginError("plugin_failed",
                          fmt::format("plugin \"{}\": parameter \"{}\" is a file, but the instance "
                                      "has no {}",
                                      info.id, file->symbol, BL_EXT_FILE));
    return functions;
}

/// The events of all event ports, in one piece of memory that belongs to the first list's owner.
std::unique_ptr<bl_event_list[]> make_event_lists(const PluginInfo& info, bl_event* events) {
    auto lists = std::make_unique<bl_event_list[]>(info.ports.size() + 1);
    for (std::size_t i = 0; i < info.ports.size(); ++i) {
        if (info.ports[i].kind != BL_PORT_EVENT) continue;
        lists[i] = {events, 0, kEventsPerPort, 0, 0};
        events += kEventsPerPort;
    }
    return lists;
}

} // namespace

Instance::Instance() = default;

std::unique_ptr<Instance> Instance::create(std::shared_ptr<const PluginInfo> info,
                                           worker::Pool& pool) {
    const MemoryWatch memory;
    std::unique_ptr<Instance> self(new Instance);
    self->info_ = std::move(info);
    const PluginInfo& wanted = *self->info_;
    self->library_ = native::Library::open(wanted.library);
    bool as_scanned = false;
    for (const PluginInfo& found : native::read(*self->library_))
        as_scanned = as_scanned || found == wanted;
    if (!as_scanned)
        throw PluginError("plugin_refused", fmt::format("plugin \"{}\": {} is no longer what was "
                                                        "scanned; scan again",
                                                        wanted.id, wanted.library));
    self->shared_ = std::make_shared<Shared>(wanted);
    self->host_ = std::make_unique<HostSide>(self->info_, self->shared_, pool);
    self->make();
    memory.populate(MemoryWatch::What::memory_and_files);
    return self;
}

void Instance::make() {
    const bl_descriptor* const descriptor = library_->find(info_->id);
    const bl_plugin* const made =
        guarded(*info_, "create", [&] { return descriptor->create(descriptor, host_->host()); });
    if (made == nullptr)
        throw PluginError("plugin_failed",
                          fmt::format("plugin \"{}\": create() returned NULL", info_->id));
    if (made->struct_size < sizeof(bl_plugin) || made->destroy == nullptr)
        throw PluginError(
            "plugin_failed",
            fmt::format("plugin \"{}\": the instance has {} bytes{}, expected at "
                        "least {}",
                        info_->id, made->struct_size,
                        made->struct_size < sizeof(bl_plugin) ? "" : " and no destroy()",
                        sizeof(bl_plugin)));
    plugin_ = made; // from here on it is destroyed with this
    check_functions(*info_, *plugin_);

    const auto params = static_cast<std::uint32_t>(info_->params.size());
    node_ = std::make_unique<process::Node>(plugin_, shared_->cells.get(), params);
    node_->files = file_extension(*info_, *plugin_);
    node_->responses = shared_->responses.get();
    node_->cost = &shared_->cost;
    node_->guard.analysis = (info_->kind & BL_KIND_ANALYSIS) != 0;
    std::size_t event_ports = 0;
    for (const PortInfo& port : info_->ports)
        event_ports += port.kind == BL_PORT_EVENT ? 1 : 0;
    events_ = std::make_unique<bl_event[]>(event_ports * kEventsPerPort);
    node_->events = make_event_lists(*info_, events_.get());
}

Instance::~Instance() {
    if (!deactivate(kEndLimit_s)) {
        // A job runs on: all it may touch has to stay, for ever.
        static_cast<void>(host_.release());
        static_cast<void>(new auto(shared_));
        static_cast<void>(new auto(library_));
        return;
    }
    if (plugin_ != nullptr) plugin_->destroy(plugin_);
}

void Instance::check_layout(const Layout& layout) const {
    if (layout.channels.size() != info_->ports.size())
        throw PluginError("channels",
                          fmt::format("plugin \"{}\": channel counts for {} ports, "
                                      "expected {}",
                                      info_->id, layout.channels.size(), info_->ports.size()));
    for (std::size_t i = 0; i < info_->ports.size(); ++i) {
        const PortInfo& port = info_->ports[i];
        if (layout.channels[i] < port.channels_min || layout.channels[i] > port.channels_max)
            throw PluginError("channels",
                              fmt::format("plugin \"{}\": port \"{}\" has {}..{} channels, got {}",
                                          info_->id, port.symbol, port.channels_min,
                                          port.channels_max, layout.channels[i]));
    }
}

void Instance::activate(const Layout& layout) {
    check_layout(layout);
    if (!deactivate(kJobLimit_s))
        throw PluginError(
            "plugin_timeout",
            fmt::format("plugin \"{}\": a job still runs after {:g} s", info_->id, kJobLimit_s));
    const MemoryWatch memory;
    const bl_activation how{sizeof(bl_activation),
                            layout.max_frames,
                            layout.rate,
                            layout.channels.data(),
                            static_cast<std::uint32_t>(layout.channels.size()),
                            layout.offline ? std::uint32_t{BL_OFFLINE} : 0u};
    host_->take_error();
    const bl_status status =
        guarded(*info_, "activate", [&] { return plugin_->activate(plugin_, &how); });
    if (status != BL_OK) {
        const std::string said = host_->take_error();
        throw PluginError("plugin_failed",
                          fmt::format("plugin \"{}\": activate() at {:g} Hz returned {} ({}){}{}",
                                      info_->id, layout.rate, status_name(status), status,
                                      said.empty() ? "" : ": ", said));
    }
    active_ = true;
    layout_ = layout;
    host_->enlist(plugin_);
    memory.populate(MemoryWatch::What::memory);
}

bool Instance::retire(double timeout_s) {
    if (!host_->dismiss(timeout_s)) return false;
    // Nobody else reads the ring now: the instance is out of the plan.
    if (rt::RecordRing* const responses = shared_->responses.get(); responses != nullptr)
        while (responses->front().data != nullptr)
            responses->pop();
    return true;
}

bool Instance::deactivate(double timeout_s) {
    if (host_ == nullptr) return true;
    if (!retire(timeout_s)) return false;
    if (active_) plugin_->deactivate(plugin_);
    active_ = false;
    return true;
}

const bl_ext_file& Instance::file_functions(std::uint32_t param) const {
    if (node_->files == nullptr || param >= info_->params.size()
        || info_->params[param].scale != BL_SCALE_FILE)
        throw PluginError(
            "bad_file", fmt::format("plugin \"{}\": parameter {} is not a file", info_->id, param));
    return *node_->files;
}

void* Instance::open_file(std::uint32_t param, const std::string& path) {
    const bl_ext_file& files = file_functions(param);
    if (access(path.c_str(), R_OK) != 0)
        throw PluginError(errno == ENOENT ? "no_such_file" : "bad_file",
                          fmt::format("file \"{}\": {}", path, strerrordesc_np(errno)));
    const MemoryWatch memory;
    char reason[512] = {};
    void* const object = guarded(*info_, "open", [&] {
        return files.open(plugin_, param, path.c_str(), reason, sizeof reason);
    });
    reason[sizeof reason - 1] = '\0';
    if (object == nullptr)
        throw PluginError("bad_file",
                          fmt::format("file \"{}\": {}", path,
                                      reason[0] != '\0' ? reason : "the plugin cannot use it"));
    memory.populate(MemoryWatch::What::memory);
    return object;
}

void Instance::close_file(std::uint32_t param, void* object) {
    const bl_ext_file& files = file_functions(param);
    if (object != nullptr && host_->drain(kJobLimit_s)) files.close(plugin_, param, object);
}

std::vector<std::uint32_t> Instance::layout(const PluginInfo& info, std::uint32_t channels) {
    std::vector<std::uint32_t> counts;
    bool taken = channels == 0;
    for (const PortInfo& port : info.ports) {
        const bool admits = channels >= port.channels_min && channels <= port.channels_max;
        const bool follows = (port.flags & BL_PORT_FOLLOWS) != 0;
        const bool main = (port.flags & BL_PORT_MAIN) != 0;
        if (channels == 0 || port.kind != BL_PORT_AUDIO) {
            counts.push_back(port.channels_default);
            continue;
        }
        if (follows && main && !admits)
            throw PluginError("channels",
                              fmt::format("plugin \"{}\": port \"{}\" has {}..{} channels, got {}",
                                          info.id, port.symbol, port.channels_min,
                                          port.channels_max, channels));
        counts.push_back(follows && admits ? channels : port.channels_default);
        taken = taken || (counts.back() == channels && (follows || main));
    }
    if (!taken)
        throw PluginError(
            "channels", fmt::format("plugin \"{}\" has no port of {} channels", info.id, channels));
    return counts;
}

std::uint32_t Instance::latency() const noexcept {
    return active_ && plugin_->latency != nullptr ? plugin_->latency(plugin_) : 0;
}

std::uint64_t Instance::tail() const noexcept {
    return active_ && plugin_->tail != nullptr ? plugin_->tail(plugin_) : 0;
}

} // namespace backline::plugin
