// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <backline/plugin.hpp>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace sdk = backline::sdk;

namespace {

/// Does only what it must.
class Minimal final : public sdk::Plugin {
  public:
    static constexpr sdk::Info info{.id = "test.minimal", .name = "Minimal"};
    static constexpr bl_port ports[] = {sdk::main_in(), sdk::main_out(64, 2, BL_PORT_IN_PLACE)};
    bl_status process(sdk::Process) noexcept override { return BL_OK; }
};

struct Sound {
    std::string path;
    static inline int alive = 0;
    explicit Sound(const char* p) : path(p) { ++alive; }
    ~Sound() { --alive; }
};

/// Uses everything, and throws where it is asked to.
class Full final : public sdk::Plugin, public sdk::Files<Sound>, public sdk::State {
  public:
    static constexpr sdk::Info info{
        .id = "test.full", .name = "Full", .kind = BL_KIND_ANALYSIS, .tail_s = 2.0};
    static constexpr bl_port ports[] = {sdk::main_in(8), sdk::events(BL_OUTPUT, "midi", "MIDI")};
    static constexpr const char* colours[] = {"red", "green", "blue"};
    static constexpr bl_param params[] = {sdk::number(7, "amount", "Amount", "%", 0.0, 100.0, 50.0),
                                          sdk::choice(8, "colour", "Colour", colours, 2),
                                          sdk::toggle(9, "on", "On", true),
                                          sdk::file(10, "sound", "Sound", "audio")};
    static constexpr bl_result results[] = {sdk::result(0, "peak", "Peak", "dB", 2, 10.0)};
    static constexpr bl_worker worker = sdk::worker_bounds(64, 4, 16, BL_WORK_NORMAL);

    void activate(const sdk::Activation& how) override {
        if (how.rate() < 0.0) throw sdk::Unsupported("no negative rates");
        if (how.max_frames() == 0) throw std::runtime_error("no frames");
        if (how.channels(0) > 8) throw std::bad_alloc();
        if (how.offline()) throw 42;
    }
    bl_status process(sdk::Process p) noexcept override {
        calls.clear();
        sdk::for_each_segment(
            p,
            [this](const bl_param_event& e) { calls.push_back("set " + std::to_string(e.value)); },
            [this](uint32_t from, uint32_t to) {
                calls.push_back(std::to_string(from) + ".." + std::to_string(to));
            });
        pushed = p.push(1, {3, 1, {0x90}});
        if (int* job = host.reserve<int>()) {
            *job = 42;
            host.submit();
        }
        return BL_OK;
    }
    void reset() noexcept override { calls = {"reset"}; }
    void work(std::span<const std::byte> job) override {
        if (job.empty()) throw std::runtime_error("empty job");
        host.respond(job.size());
        host.emit(0, 5, 1.5f);
    }
    void on_response(std::span<const std::byte> response) noexcept override {
        calls = {"response " + std::to_string(response.size())};
    }
    uint32_t latency() const noexcept override { return 12; }
    uint64_t tail() const noexcept override { return 34; }

    std::unique_ptr<Sound> open(uint32_t, const char* path) override {
        if (std::string_view(path).empty()) throw std::runtime_error("no such file");
        return std::make_unique<Sound>(path);
    }
    std::unique_ptr<Sound> install(uint32_t, std::unique_ptr<Sound> next) noexcept override {
        return std::exchange(sound, std::move(next));
    }
    void save(Writer& writer) override { writer.write("ab", 2); }
    void load(Reader& reader) override {
        char bytes[2];
        if (reader.read(bytes, 2) != 2) throw std::runtime_error("state is too short");
        loaded.assign(bytes, 2);
    }

    static inline std::vector<std::string> calls;
    static inline std::string loaded;
    static inline bool pushed = false;
    std::unique_ptr<Sound> sound;
};

class Throwing final : public sdk::Plugin {
  public:
    static constexpr sdk::Info info{.id = "test.throwing", .name = "Throwing"};
    static constexpr bl_port ports[] = {sdk::main_out()};
    Throwing() { throw std::runtime_error("not today"); }
    bl_status process(sdk::Process) noexcept override { return BL_OK; }
};

/// A host that writes down what it is asked.
struct TestHost {
    std::vector<std::string> log;
    alignas(16) std::array<std::byte, 64> room{};
    uint32_t submitted = 0;
    bl_host abi{};

    TestHost() {
        abi.struct_size = sizeof abi;
        abi.abi_version = BL_ABI_VERSION;
        abi.data = this;
        abi.job_reserve = [](const bl_host* h, uint32_t size) -> void* {
            return size <= 64 ? of(h).room.data() : nullptr;
        };
        abi.job_submit = [](const bl_host* h) { ++of(h).submitted; };
        abi.respond = [](const bl_host* h, const void*, uint32_t size) {
            of(h).log.push_back("respond " + std::to_string(size));
            return true;
        };
        abi.emit = [](const bl_host* h, uint32_t result, uint64_t time, const float* values,
                      uint32_t count) {
            of(h).log.push_back("emit " + std::to_string(result) + ' ' + std::to_string(time) + ' '
                                + std::to_string(values[0]) + ' ' + std::to_string(count));
            return true;
        };
        abi.log = [](const bl_host* h, uint32_t, const char* message) {
            of(h).log.emplace_back(message);
        };
    }
    static TestHost& of(const bl_host* h) { return *static_cast<TestHost*>(h->data); }
};

struct Instance {
    TestHost host;
    const bl_plugin* plugin;
    explicit Instance(const bl_descriptor& d) : plugin(d.create(&d, &host.abi)) {}
    ~Instance() { plugin->destroy(plugin); }
};

bl_status activate(const bl_plugin* plugin, double rate, uint32_t frames, uint32_t channels,
                   uint32_t flags = 0) {
    const uint32_t counts[] = {channels, 0};
    const bl_activation how{sizeof how, frames, rate, counts, 2, flags};
    return plugin->activate(plugin, &how);
}

TEST(Sdk, DescribesThePlugin) {
    static_assert(sdk::descriptor<Full>.param_count == 4, "constant data");
    constexpr bl_entry entry = sdk::entry<Minimal, Full>;
    EXPECT_EQ(entry.descriptor_count, 2u);
    EXPECT_EQ(entry.abi_version, uint32_t{BL_ABI_VERSION});
    const bl_descriptor& d = *entry.descriptors[1];
    EXPECT_STREQ(d.id, "test.full");
    EXPECT_EQ(d.struct_size, sizeof(bl_descriptor));
    EXPECT_EQ(d.kind, uint32_t{BL_KIND_ANALYSIS});
    EXPECT_EQ(d.tail_s, 2.0);
    EXPECT_EQ(d.port_count, 2u);
    EXPECT_EQ(d.port_size, sizeof(bl_port));
    EXPECT_EQ(d.ports[1].kind, uint32_t{BL_PORT_EVENT});
    EXPECT_EQ(d.params[1].label_count, 3u);
    EXPECT_STREQ(d.params[1].labels[2], "blue");
    EXPECT_EQ(d.params[1].max, 2.0);
    EXPECT_STREQ(d.params[3].file_kind, "audio");
    EXPECT_EQ(d.results[0].count_max, 2u);
    EXPECT_EQ(d.worker.job_depth, 4u);
    EXPECT_EQ(entry.descriptors[0]->param_count, 0u);
    EXPECT_EQ(entry.descriptors[0]->worker.job_bytes_max, 0u);
}

TEST(Sdk, WhatIsNotOverriddenIsNull) {
    const Instance minimal(sdk::descriptor<Minimal>);
    EXPECT_EQ(minimal.plugin->reset, nullptr);
    EXPECT_EQ(minimal.plugin->work, nullptr);
    EXPECT_EQ(minimal.plugin->on_response, nullptr);
    EXPECT_EQ(minimal.plugin->latency, nullptr);
    EXPECT_EQ(minimal.plugin->tail, nullptr);
    EXPECT_EQ(minimal.plugin->get_extension(minimal.plugin, BL_EXT_FILE), nullptr);
    EXPECT_EQ(activate(minimal.plugin, 48000.0, 64, 2), BL_OK);
    const Instance full(sdk::descriptor<Full>);
    EXPECT_EQ(full.plugin->latency(full.plugin), 12u);
    EXPECT_EQ(full.plugin->tail(full.plugin), 34u);
    EXPECT_EQ(full.plugin->get_extension(full.plugin, "org.example.other/1"), nullptr);
}

TEST(Sdk, ExceptionsBecomeStatusAndLog) {
    Instance full(sdk::descriptor<Full>);
    EXPECT_EQ(activate(full.plugin, 48000.0, 64, 2), BL_OK);
    EXPECT_EQ(activate(full.plugin, -1.0, 64, 2), BL_UNSUPPORTED);
    EXPECT_EQ(activate(full.plugin, 48000.0, 0, 2), BL_ERROR);
    EXPECT_EQ(activate(full.plugin, 48000.0, 64, 9), BL_NO_MEMORY);
    EXPECT_EQ(activate(full.plugin, 48000.0, 64, 2, BL_OFFLINE), BL_ERROR);
    full.plugin->work(full.plugin, nullptr, 0);
    EXPECT_EQ(full.host.log,
              (std::vector<std::string>{"no negative rates", "no frames", "out of memory",
                                        "unknown exception", "empty job"}));
    const TestHost host;
    const bl_descriptor& throwing = sdk::descriptor<Throwing>;
    EXPECT_EQ(throwing.create(&throwing, &host.abi), nullptr);
}

TEST(Sdk, ProcessIsCutAtEvents) {
    Instance full(sdk::descriptor<Full>);
    const bl_param_event events[] = {{0, 0, 1.0}, {0, 0, 2.0}, {5, 0, 3.0}, {9, 0, 4.0}};
    bl_event room[1];
    std::array<bl_event_list, 2> lists{};
    lists[1] = {room, 0, 1, 0, 0};
    bl_process p{};
    p.struct_size = sizeof p;
    p.frames = 10;
    p.events = lists.data();
    p.params = events;
    p.event_count = 4;
    EXPECT_EQ(full.plugin->process(full.plugin, &p), BL_OK);
    EXPECT_EQ(Full::calls,
              (std::vector<std::string>{"set 1.000000", "set 2.000000", "0..5", "set 3.000000",
                                        "5..9", "set 4.000000", "9..10"}));
    EXPECT_TRUE(Full::pushed);
    EXPECT_EQ(lists[1].count, 1u);
    EXPECT_EQ(full.host.submitted, 1u);
    full.plugin->process(full.plugin, &p);
    EXPECT_FALSE(Full::pushed) << "the list is full";
    EXPECT_EQ(lists[1].overflow, 1u);
    full.plugin->work(full.plugin, full.host.room.data(), 4);
    EXPECT_EQ(full.host.log, (std::vector<std::string>{"respond 8", "emit 0 5 1.500000 1"}));
    full.plugin->on_response(full.plugin, full.host.room.data(), 8);
    EXPECT_EQ(Full::calls, std::vector<std::string>{"response 8"});
}

TEST(Sdk, FilesAreOpenedInstalledAndClosed) {
    {
        const Instance full(sdk::descriptor<Full>);
        const auto* files =
            static_cast<const bl_ext_file*>(full.plugin->get_extension(full.plugin, BL_EXT_FILE));
        ASSERT_NE(files, nullptr);
        char error[8] = "";
        EXPECT_EQ(files->open(full.plugin, 3, "", error, sizeof error), nullptr);
        EXPECT_STREQ(error, "no such") << "cut to the room there is";
        void* one = files->open(full.plugin, 3, "one.wav", error, sizeof error);
        void* two = files->open(full.plugin, 3, "two.wav", error, sizeof error);
        EXPECT_EQ(files->install(full.plugin, 3, one), nullptr);
        EXPECT_EQ(files->install(full.plugin, 3, two), one);
        EXPECT_EQ(Sound::alive, 2);
        files->close(full.plugin, 3, one);
        EXPECT_EQ(Sound::alive, 1);
    }
    EXPECT_EQ(Sound::alive, 0) << "what is in place goes with the plugin";
}

TEST(Sdk, StateIsWrittenAndRead) {
    const Instance full(sdk::descriptor<Full>);
    const auto* state =
        static_cast<const bl_ext_state*>(full.plugin->get_extension(full.plugin, BL_EXT_STATE));
    ASSERT_NE(state, nullptr);
    std::string text;
    bl_state_writer writer{&text, [](const bl_state_writer* w, const void* bytes, size_t size) {
                               static_cast<std::string*>(w->data)->append(
                                   static_cast<const char*>(bytes), size);
                               return true;
                           }};
    EXPECT_EQ(state->save(full.plugin, &writer), BL_OK);
    EXPECT_EQ(text, "ab");
    bl_state_reader reader{&text, [](const bl_state_reader* r, void* bytes, size_t size) {
                               auto& from = *static_cast<std::string*>(r->data);
                               const size_t n = from.copy(static_cast<char*>(bytes), size);
                               from.erase(0, n);
                               return n;
                           }};
    EXPECT_EQ(state->load(full.plugin, &reader), BL_OK);
    EXPECT_EQ(Full::loaded, "ab");
    EXPECT_EQ(state->load(full.plugin, &reader), BL_ERROR) << "nothing left";
    writer.write = [](const bl_state_writer*, const void*, size_t) { return false; };
    EXPECT_EQ(state->save(full.plugin, &writer), BL_ERROR);
}

} // namespace
