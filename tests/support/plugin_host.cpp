// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/plugin_host.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <new>
#include <random>
#include <stdexcept>
#if defined(__SSE2__)
#    include <immintrin.h>
#endif

namespace {

thread_local bool audio_role = false;
thread_local uint64_t audio_allocations = 0;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* counted_allocation(std::size_t size, std::size_t alignment) {
    if (audio_role) ++audio_allocations;
    size = (std::max<std::size_t>(size, 1) + alignment - 1) / alignment * alignment;
    void* memory = std::aligned_alloc(alignment, size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

void counted_free(void* memory) noexcept {
    if (audio_role && memory != nullptr) ++audio_allocations;
    std::free(memory);
}
#endif

} // namespace

// Replaced for the whole program, plugins included: the loader binds them to the executable's.
// Sanitizers bring their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(std::size_t size) {
    return counted_allocation(size, alignof(max_align_t));
}
void* operator new(std::size_t size, std::align_val_t a) {
    return counted_allocation(size, static_cast<std::size_t>(a));
}
void operator delete(void* memory) noexcept {
    counted_free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    counted_free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    counted_free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    counted_free(memory);
}
#endif

namespace backline::test {

namespace {

/// No plugin's output holds it, so one that is still there was not written.
constexpr float kUnwritten = 1.2345678e30f;

/// Marks a call into the plugin as audio role: denormals flushed, allocations counted.
class AudioRole {
  public:
    explicit AudioRole(const char* call) : call_(call), before_(audio_allocations) {
#if defined(__SSE2__)
        control_ = _mm_getcsr();
        _mm_setcsr(control_ | 0x8040); // FTZ | DAZ
#endif
        audio_role = true;
    }
    ~AudioRole() {
        leave();
    }
    void check() {
        leave();
        if (audio_allocations != before_)
            throw std::runtime_error(std::string(call_) + " allocates or frees");
    }

  private:
    void leave() {
        audio_role = false;
#if defined(__SSE2__)
        _mm_setcsr(control_);
#endif
    }
    const char* call_;
    uint64_t before_;
    unsigned control_ = 0;
};

/// The host's own memory inside an audio-role call.
class HostRole {
  public:
    HostRole() : was_(std::exchange(audio_role, false)) {}
    ~HostRole() { audio_role = was_; }

  private:
    bool was_;
};

template <class Item>
uint32_t index_of(const Item* items, uint32_t count, const std::string& symbol, const char* what) {
    for (uint32_t i = 0; i < count; ++i)
        if (symbol == items[i].symbol) return i;
    throw std::runtime_error(std::string("no ") + what + " \"" + symbol + "\"");
}

} // namespace

Slicing slices_of(uint32_t frames) {
    return [frames] { return frames; };
}

Slicing random_slices(uint32_t max, uint32_t seed) {
    return [max, generator = std::mt19937(seed)]() mutable {
        return static_cast<uint32_t>(generator() % max) + 1;
    };
}

PluginHost::PluginHost(const std::string& library, const std::string& id) {
    const std::string path = std::string(BACKLINE_PLUGIN_DIR) + "/" + library + ".so";
    library_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) throw std::runtime_error(dlerror());
    const auto* entry = static_cast<const bl_entry*>(dlsym(library_, BL_ENTRY_SYMBOL));
    if (entry == nullptr) throw std::runtime_error(path + " has no " BL_ENTRY_SYMBOL);
    if (entry->abi_version >> 16 != BL_ABI_MAJOR)
        throw std::runtime_error(path + " was built for another ABI");
    const std::string wanted = id.empty() ? "backline." + library : id;
    for (uint32_t i = 0; i < entry->descriptor_count; ++i)
        if (wanted == entry->descriptors[i]->id) descriptor_ = entry->descriptors[i];
    if (descriptor_ == nullptr) throw std::runtime_error(path + " has no plugin " + wanted);

    host_ = {sizeof(bl_host), BL_ABI_VERSION, this,    job_reserve, job_submit,
             respond,         emit,           request, log,         host_extension};
    plugin_ = descriptor_->create(descriptor_, &host_);
    if (plugin_ == nullptr) throw std::runtime_error(wanted + " could not be created");
}

PluginHost::~PluginHost() {
    deactivate();
    plugin_->destroy(plugin_);
    dlclose(library_);
}

uint32_t PluginHost::param(const std::string& symbol) const {
    return index_of(descriptor_->params, descriptor_->param_count, symbol, "parameter");
}
uint32_t PluginHost::port(const std::string& symbol) const {
    return index_of(descriptor_->ports, descriptor_->port_count, symbol, "port");
}
uint32_t PluginHost::result(const std::string& symbol) const {
    return index_of(descriptor_->results, descriptor_->result_count, symbol, "result");
}

uint32_t PluginHost::main_port(uint32_t direction) const {
    for (uint32_t i = 0; i < descriptor_->port_count; ++i) {
        const bl_port& p = descriptor_->ports[i];
        if (p.kind == BL_PORT_AUDIO && p.direction == direction && (p.flags & BL_PORT_MAIN) != 0)
            return i;
    }
    return UINT32_MAX;
}

bl_status PluginHost::try_activate(const Config& config) {
    deactivate();
    config_ = config;
    channels_.clear();
    for (uint32_t i = 0; i < descriptor_->port_count; ++i) {
        const bl_port& p = descriptor_->ports[i];
        const auto own = config.port_channels.find(p.symbol);
        uint32_t count = p.channels_default;
        if (own != config.port_channels.end())
            count = own->second;
        else if ((p.flags & BL_PORT_FOLLOWS) != 0)
            count = std::clamp(config.channels, p.channels_min, p.channels_max);
        channels_.push_back(p.kind == BL_PORT_AUDIO ? count : 0);
    }
    const bl_activation how{
        sizeof(bl_activation), config.max_frames,       config.rate,
        channels_.data(),      descriptor_->port_count, config.offline ? uint32_t{BL_OFFLINE} : 0u};
    const bl_status status = plugin_->activate(plugin_, &how);
    active_ = status == BL_OK;
    time = 0;
    return status;
}

void PluginHost::activate(const Config& config) {
    if (try_activate(config) != BL_OK)
        throw std::runtime_error("activate failed: "
                                 + (messages.empty() ? std::string() : messages.back()));
}

void PluginHost::deactivate() {
    if (!active_) return;
    for (uint32_t i = 0; i < descriptor_->param_count; ++i)
        if (descriptor_->params[i].scale == BL_SCALE_FILE)
            load_file(descriptor_->params[i].symbol, "");
    jobs_.clear();
    responses_.clear();
    reserved_.clear();
    plugin_->deactivate(plugin_);
    active_ = false;
}

std::map<std::string, Signal> PluginHost::run_ports(const std::map<std::string, Signal>& inputs,
                                                    uint64_t frames, const std::vector<Set>& sets,
                                                    const Slicing& slicing) {
    const uint32_t ports = descriptor_->port_count;
    const uint32_t main_in = main_port(BL_INPUT);
    const uint32_t main_out = main_port(BL_OUTPUT);
    std::map<std::string, Signal> out;
    // Buffers keep their address from call to call, as the daemon's do.
    std::vector<Signal> buffers(ports);
    std::vector<std::vector<float*>> pointers(ports);
    for (uint32_t i = 0; i < ports; ++i) {
        buffers[i].assign(channels_[i], std::vector<float>(config_.max_frames));
        for (auto& channel : buffers[i])
            pointers[i].push_back(channel.data());
        if (descriptor_->ports[i].direction == BL_OUTPUT && channels_[i] > 0)
            out[descriptor_->ports[i].symbol].assign(channels_[i], std::vector<float>(frames));
    }
    if (config_.in_place) {
        if (main_in == UINT32_MAX || main_out == UINT32_MAX
            || (descriptor_->ports[main_out].flags & BL_PORT_IN_PLACE) == 0)
            throw std::runtime_error("the plugin does not work in place");
        pointers[main_out] = pointers[main_in];
    }
    const auto source = [&](uint32_t port_index, uint32_t c) -> const std::vector<float>* {
        const auto it = inputs.find(descriptor_->ports[port_index].symbol);
        return it != inputs.end() && c < it->second.size() ? &it->second[c] : nullptr;
    };

    std::vector<bl_bus> buses(ports);
    std::vector<bl_event_list> events(ports);
    std::vector<bl_param_event> due;
    const bl_transport transport{};
    auto next_set = sets.begin();
    for (uint64_t done = 0; done < frames;) {
        const auto n = static_cast<uint32_t>(
            std::min<uint64_t>(std::clamp(slicing(), 1u, config_.max_frames), frames - done));
        for (uint32_t i = 0; i < ports; ++i) {
            buses[i] = {pointers[i].data(), channels_[i], 0, 0};
            const bool is_input = descriptor_->ports[i].direction == BL_INPUT;
            for (uint32_t c = 0; c < channels_[i]; ++c) {
                auto& buffer = buffers[i][c];
                std::fill(buffer.begin(), buffer.end(), is_input ? 0.0f : kUnwritten);
                const std::vector<float>* from = is_input ? source(i, c) : nullptr;
                if (from != nullptr && done < from->size())
                    std::copy_n(from->data() + done, std::min<uint64_t>(n, from->size() - done),
                                buffer.data());
                if (is_input && std::all_of(buffer.begin(), buffer.begin() + n, [](float x) {
                        return x == 0;
                    }))
                    buses[i].silent |= uint64_t{1} << c;
            }
            events[i] = {};
        }
        due.clear();
        for (; next_set != sets.end() && next_set->frame < done + n; ++next_set)
            due.push_back({static_cast<uint32_t>(next_set->frame - done), param(next_set->symbol),
                           next_set->value});

        if (plugin_->on_response != nullptr)
            for (Packet& packet : responses_) {
                AudioRole role("on_response()");
                plugin_->on_response(plugin_, packet.data(), packet.size);
                role.check();
            }
        responses_.clear();
        const std::vector<Signal> before = buffers;
        const bl_process p{sizeof(bl_process),
                           n,
                           config_.offline ? uint32_t{BL_OFFLINE} : 0u,
                           static_cast<uint32_t>(due.size()),
                           time,
                           &transport,
                           buses.data(),
                           events.data(),
                           due.data()};
        bl_status status = BL_OK;
        {
            AudioRole role("process()");
            status = plugin_->process(plugin_, &p);
            role.check();
        }
        if (status != BL_OK) throw std::runtime_error("process() failed");
        if (config_.work == Work::kAtOnce) work_all();

        for (uint32_t i = 0; i < ports; ++i) {
            const bl_port& port_info = descriptor_->ports[i];
            const bool shared = config_.in_place && (i == main_in || i == main_out);
            for (uint32_t c = 0; c < channels_[i]; ++c) {
                if (port_info.direction == BL_INPUT) {
                    // Bytes, so that a NaN on purpose equals itself.
                    if (!shared
                        && std::memcmp(buffers[i][c].data(), before[i][c].data(),
                                       config_.max_frames * sizeof(float))
                               != 0)
                        throw std::runtime_error("process() writes into an input");
                    continue;
                }
                const float* produced = pointers[i][c];
                if (std::find(produced, produced + n, kUnwritten) != produced + n)
                    throw std::runtime_error("process() leaves an output unwritten");
                std::copy_n(produced, n, out[port_info.symbol][c].data() + done);
            }
        }
        time += n;
        done += n;
    }
    return out;
}

Signal PluginHost::run(const Signal& in, uint64_t frames, const std::vector<Set>& sets,
                       const Slicing& slicing) {
    std::map<std::string, Signal> inputs;
    if (const uint32_t i = main_port(BL_INPUT); i != UINT32_MAX)
        inputs[descriptor_->ports[i].symbol] = in;
    auto out = run_ports(inputs, frames, sets, slicing);
    const uint32_t o = main_port(BL_OUTPUT);
    return o == UINT32_MAX ? Signal{} : std::move(out[descriptor_->ports[o].symbol]);
}

void PluginHost::reset() {
    if (plugin_->reset == nullptr) return;
    AudioRole role("reset()");
    plugin_->reset(plugin_);
    role.check();
}

const bl_ext_file& PluginHost::file_extension() const {
    const auto* table =
        static_cast<const bl_ext_file*>(plugin_->get_extension(plugin_, BL_EXT_FILE));
    if (table == nullptr) throw std::runtime_error("the plugin has no file extension");
    return *table;
}

std::string PluginHost::load_file(const std::string& symbol, const std::string& path) {
    const uint32_t index = param(symbol);
    const bl_ext_file& ext = file_extension();
    void* object = nullptr;
    if (!path.empty()) {
        char error[256] = "";
        object = ext.open(plugin_, index, path.c_str(), error, sizeof error);
        if (object == nullptr) return error;
    }
    void* old = nullptr;
    {
        AudioRole role("install()");
        old = ext.install(plugin_, index, object);
        role.check();
    }
    if (old != std::exchange(files_[index], object))
        throw std::runtime_error("install() returned another object than the one in place");
    work_all(); // no job of the old object may wait when it is closed
    if (old != nullptr) ext.close(plugin_, index, old);
    return "";
}

void PluginHost::work_all() {
    while (!jobs_.empty()) {
        Packet job = std::move(jobs_.front());
        jobs_.pop_front();
        plugin_->work(plugin_, job.data(), job.size);
    }
}

void* PluginHost::job_reserve(const bl_host* host, uint32_t size) {
    const HostRole role;
    PluginHost& self = of(host);
    const bl_worker& bounds = self.descriptor_->worker;
    if (size > bounds.job_bytes_max || self.jobs_.size() >= bounds.job_depth) {
        ++self.dropped;
        return nullptr;
    }
    if (self.reserved_.empty()) self.reserved_.emplace_back(bounds.job_bytes_max);
    self.reserved_.front().size = size;
    return self.reserved_.front().data();
}

void PluginHost::job_submit(const bl_host* host) {
    const HostRole role;
    PluginHost& self = of(host);
    if (self.reserved_.empty()) return;
    self.jobs_.push_back(std::move(self.reserved_.front()));
    self.reserved_.clear();
    ++self.submitted;
}

bool PluginHost::respond(const bl_host* host, const void* data, uint32_t size) {
    PluginHost& self = of(host);
    if (size > self.descriptor_->worker.response_bytes_max) return false;
    Packet& packet = self.responses_.emplace_back(size);
    if (size > 0) std::memcpy(packet.data(), data, size);
    return true;
}

bool PluginHost::emit(const bl_host* host, uint32_t result, uint64_t time, const float* values,
                      uint32_t count) {
    const HostRole role;
    of(host).results.push_back({result, time, {values, values + count}});
    return true;
}

void PluginHost::request(const bl_host* host, uint32_t what) {
    const HostRole role;
    of(host).requests.push_back(what);
}

void PluginHost::log(const bl_host* host, uint32_t, const char* message) {
    of(host).messages.emplace_back(message);
}

const void* PluginHost::host_extension(const bl_host*, const char*) {
    return nullptr;
}

} // namespace backline::test
