// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/registry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <system_error>

#include <sys/wait.h>

namespace backline::plugin {
namespace {

namespace fs = std::filesystem;

const std::string kFixtures = BACKLINE_FIXTURES;

Registry::Options options(std::vector<std::string> directories, double limit_s = 5.0) {
    return {BACKLINE_PROBE, std::move(directories), limit_s, {}};
}

double seconds(const std::function<void()>& call) {
    const auto began = std::chrono::steady_clock::now();
    call();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

/// A directory of its own for one test.
class Scratch {
  public:
    Scratch() {
        std::string name = (fs::temp_directory_path() / "backline-registry-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    ~Scratch() { fs::remove_all(path_); }
    std::string path() const { return path_; }
    void take(const std::string& fixture, const std::string& as) const {
        fs::copy_file(kFixtures + "/" + fixture, fs::path(path_) / as,
                      fs::copy_options::overwrite_existing);
    }

  private:
    fs::path path_;
};

TEST(Registry, IsEmptyBeforeTheFirstScan) {
    const Registry registry(options({kFixtures + "/good"}));
    ASSERT_NE(registry.catalogue(), nullptr);
    EXPECT_TRUE(registry.catalogue()->plugins.empty());
}

TEST(Registry, FindsWhatIsGood) {
    Registry registry(options({kFixtures + "/good"}));
    registry.scan();
    const auto catalogue = registry.catalogue();
    EXPECT_TRUE(catalogue->refused.empty()) << catalogue->refused.front().reason;
    std::set<std::string> ids;
    for (const auto& [id, info] : catalogue->plugins) {
        EXPECT_EQ(info->id, id);
        ids.insert(id);
    }
    EXPECT_EQ(ids, (std::set<std::string>{"org.example.counter", "org.example.drops_jobs",
                                          "org.example.event_echo", "org.example.file_holder",
                                          "org.example.latent", "org.example.lazy_memory",
                                          "org.example.minimal", "org.example.slow_work"}));
    const PluginInfo& minimal = *catalogue->plugins.at("org.example.minimal");
    EXPECT_EQ(minimal.library, kFixtures + "/good/minimal.so");
    EXPECT_EQ(minimal.about, "Multiplies by a number.");
    ASSERT_EQ(minimal.params.size(), 1u);
    EXPECT_EQ(minimal.params[0].max, 4.0);
}

TEST(Registry, SaysWhyItRefuses) {
    const std::string bad = "plugin \"org.example.bad_descriptor\"";
    const std::map<std::string, std::string> expected{
        {"bad_id",
         "descriptor 0: id \"no dots in it\" is not reverse DNS (\"org.example.name\", at "
         "most 127 characters)"},
        {"bad_symbol", bad + ": parameter 0: symbol \"1st\" is not [A-Za-z_][A-Za-z0-9_]*"},
        {"channel_range", bad + ": port \"in\": has 1..65 channels, expected a range within 1..64"},
        {"control_port", bad + ": port \"aux\": is of kind control, which is reserved"},
        {"crash_on_load", "crashed when loaded (SIGSEGV): crash_on_load: here I go"},
        {"default_outside", bad + ": parameter \"first\": default 3 is outside of 1..2"},
        {"duplicate_symbol", bad + ": parameter 1: symbol \"second\" is there twice"},
        {"empty_range", bad + ": parameter \"first\": range 1..1 is empty"},
        {"exit_on_load", "ended the process when loaded (status 7): no licence"},
        {"function_symbol", "symbol backline_plugin_entry is not a data object"},
        {"hang_on_load", "did not load within 0.4 s"},
        {"id_twice", bad + " is there twice"},
        {"log_from_zero",
         bad + ": parameter \"first\": is logarithmic from 0, expected a minimum above 0"},
        {"missing_label", bad + ": parameter \"second\": has no label for one of its values"},
        {"nan_range", bad + ": parameter \"first\": range 0..nan with default 0 is not finite"},
        {"no_create", bad + ": has no create()"},
        {"no_name", bad + ": has no name"},
        {"no_plugins", "describes no plugin"},
        {"no_symbol", "no symbol backline_plugin_entry"},
        {"not_a_library", "cannot be loaded: file too short"},
        {"not_utf8", "a text is not UTF-8: "},
        {"other_major", "built for ABI 2.0, this host has 1.0"},
        {"result_without_values",
         bad + ": result \"level\": has up to 0 values, expected 1..1048576"},
        {"same_param_id", bad + ": parameter \"second\": id 0 is there twice"},
        {"short_stride", bad + ": a port has 32 bytes, expected 40 or a larger multiple of 8"},
        {"two_mains", bad + ": port \"aux\" is a second main audio input port"},
        {"undefined_symbol", "cannot be loaded: undefined symbol: a_function_nobody_has"},
        {"unknown_scale", bad + ": parameter \"first\": is of unknown scale 77"},
        {"worker_half",
         bad + ": worker takes 0 jobs of at most 16 bytes, expected both or neither"},
    };
    Registry registry(options({kFixtures + "/broken"}, 0.4));
    registry.scan();
    const auto catalogue = registry.catalogue();
    EXPECT_TRUE(catalogue->plugins.empty());
    std::map<std::string, std::string> reasons;
    for (const Refused& refused : catalogue->refused)
        reasons[fs::path(refused.library).stem()] = refused.reason;
    for (const auto& [name, reason] : expected)
        EXPECT_TRUE(reasons[name].starts_with(reason)) << name << ": " << reasons[name];
    EXPECT_EQ(reasons.size(), expected.size());
}

TEST(Registry, GivesEveryLibraryItsOwnTimeAndLeavesNoProcess) {
    const Scratch scratch;
    scratch.take("broken/hang_on_load.so", "a.so");
    scratch.take("broken/hang_on_load.so", "b.so");
    scratch.take("good/minimal.so", "c.so");
    Registry registry(options({scratch.path()}, 0.4));
    const double took = seconds([&] { registry.scan(); });
    EXPECT_GE(took, 0.4);
    EXPECT_LT(took, 5.0);
    EXPECT_EQ(registry.catalogue()->refused.size(), 2u);
    EXPECT_EQ(registry.catalogue()->plugins.size(), 1u);
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST(Registry, HandsOnWhatLibrariesPrint) {
    std::map<std::string, std::string> printed;
    Registry::Options wanted = options({kFixtures + "/broken", kFixtures + "/good"}, 0.4);
    wanted.on_output = [&](const std::string& library, const std::string& text) {
        printed[fs::path(library).stem()] = text;
    };
    Registry(wanted).scan();
    EXPECT_EQ(printed,
              (std::map<std::string, std::string>{{"crash_on_load", "crash_on_load: here I go\n"},
                                                  {"exit_on_load", "no licence\n"}}));
}

TEST(Registry, TakesTheFirstOfEqualIds) {
    const Scratch first, second;
    first.take("good/minimal.so", "one.so");
    second.take("good/minimal.so", "two.so");
    second.take("good/latent.so", "three.so");
    Registry registry(options({first.path(), second.path(), first.path(), "/nowhere/at/all"}));
    registry.scan();
    const auto catalogue = registry.catalogue();
    EXPECT_EQ(catalogue->plugins.at("org.example.minimal")->library, first.path() + "/one.so");
    EXPECT_TRUE(catalogue->plugins.contains("org.example.latent"));
    ASSERT_EQ(catalogue->refused.size(), 1u);
    EXPECT_EQ(catalogue->refused[0].library, second.path() + "/two.so");
    EXPECT_EQ(catalogue->refused[0].reason,
              "plugin \"org.example.minimal\" is in " + first.path() + "/one.so already");
}

TEST(Registry, ProbesOnlyWhatHasChanged) {
    const Scratch scratch;
    // A probe that leaves a trace.
    const std::string probe = scratch.path() + "/probe", trace = scratch.path() + "/trace";
    std::ofstream(probe) << "#!/bin/sh\nbasename \"$1\" >> " << trace << "\nexec " BACKLINE_PROBE
                         << " \"$1\"\n";
    fs::permissions(probe, fs::perms::owner_all);
    const auto probed = [&trace] {
        std::multiset<std::string> names;
        std::ifstream lines(trace);
        for (std::string line; std::getline(lines, line);)
            names.insert(line);
        fs::remove(trace);
        return names;
    };
    const fs::path plugins = fs::path(scratch.path()) / "plugins";
    fs::create_directory(plugins);
    scratch.take("good/minimal.so", "plugins/minimal.so");
    scratch.take("broken/no_symbol.so", "plugins/refused.so");
    scratch.take("broken/hang_on_load.so", "plugins/hangs.so");
    Registry::Options wanted = options({plugins}, 0.4);
    wanted.probe = probe;
    Registry registry(wanted);
    using Names = std::multiset<std::string>;
    registry.scan();
    EXPECT_EQ(probed(), (Names{"minimal.so", "refused.so", "hangs.so"}));
    registry.scan();
    EXPECT_EQ(probed(), Names{"hangs.so"}) << "a machine that was busy may be idle now";
    EXPECT_EQ(registry.catalogue()->plugins.size(), 1u);
    EXPECT_EQ(registry.catalogue()->refused.size(), 2u);
    const auto before = registry.catalogue();
    scratch.take("good/latent.so", "plugins/refused.so");
    fs::remove(plugins / "hangs.so");
    registry.scan();
    EXPECT_EQ(probed(), Names{"refused.so"});
    EXPECT_EQ(registry.catalogue()->plugins.size(), 2u);
    EXPECT_EQ(before->plugins.size(), 1u) << "a published catalogue does not change";
    fs::last_write_time(plugins / "minimal.so", fs::file_time_type::clock::now());
    registry.scan();
    EXPECT_EQ(probed(), Names{"minimal.so"});
    fs::remove(plugins / "minimal.so");
    registry.scan();
    EXPECT_EQ(registry.catalogue()->plugins.size(), 1u);
}

TEST(Registry, KeepsTheOldCatalogueWhenThereIsNoProbe) {
    Registry::Options wanted = options({kFixtures + "/good"});
    wanted.probe = "/nowhere/backline-probe";
    Registry registry(wanted);
    EXPECT_THROW(registry.scan(), std::system_error);
    EXPECT_TRUE(registry.catalogue()->plugins.empty());
    EXPECT_TRUE(registry.catalogue()->complete) << "nobody waits for what will not come";
}

TEST(Registry, PublishesWhileALibraryHangs) {
    const Scratch first, second;
    first.take("broken/hang_on_load.so", "hangs.so");
    first.take("good/minimal.so", "minimal.so");
    second.take("good/minimal.so", "again.so");
    second.take("good/latent.so", "latent.so");
    Registry::Options wanted = options({first.path(), second.path()}, 1.5);
    std::vector<Catalogue> published;
    double found_after = 0.0;
    const auto began = std::chrono::steady_clock::now();
    wanted.on_published = [&](const Catalogue& catalogue) {
        if (found_after == 0.0 && catalogue.plugins.size() == 2)
            found_after =
                std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        published.push_back(catalogue);
    };
    Registry registry(wanted);
    EXPECT_FALSE(registry.catalogue()->complete);
    registry.scan();
    EXPECT_GT(found_after, 0.2) << "what goes before may have the same ids, until it is slow";
    EXPECT_LT(found_after, 1.2);
    for (const Catalogue& catalogue : published) {
        EXPECT_EQ(catalogue.complete, &catalogue == &published.back());
        const auto minimal = catalogue.plugins.find("org.example.minimal");
        if (minimal == catalogue.plugins.end()) continue;
        EXPECT_EQ(minimal->second->library, first.path() + "/minimal.so");
    }
    EXPECT_TRUE(registry.catalogue()->complete);
    const std::size_t before = published.size();
    registry.scan();
    EXPECT_EQ(published.size(), before + 1) << "nothing vanishes while it is looked for again";
}

TEST(Registry, ManyThatHangHoldUpNoneThatIsGood) {
    const Scratch scratch;
    for (int i = 0; i < 8; ++i)
        scratch.take("broken/hang_on_load.so", "a" + std::to_string(i) + ".so");
    scratch.take("good/minimal.so", "z.so");
    Registry::Options wanted = options({scratch.path()}, 6.0);
    const auto began = std::chrono::steady_clock::now();
    Registry* scanning = nullptr;
    wanted.on_published = [&](const Catalogue& catalogue) {
        if (!catalogue.plugins.empty()) scanning->stop();
    };
    Registry registry(wanted);
    scanning = &registry;
    registry.scan();
    EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(), 4.0);
    EXPECT_EQ(registry.catalogue()->plugins.size(), 1u);
    EXPECT_FALSE(registry.catalogue()->complete) << "it was stopped";
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "stopped with all its processes";
}

TEST(Registry, IsQuick) {
    const Scratch scratch;
    for (int i = 0; i < 10; ++i)
        scratch.take("good/counter.so", std::to_string(i) + ".so");
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
        Registry registry(options({scratch.path()}));
        best = std::min(best, seconds([&] { registry.scan(); }));
    }
    RecordProperty("ten_libraries_ms", std::to_string(best * 1e3));
    std::cout << "ten libraries: " << best * 1e3 << " ms\n";
    EXPECT_LT(best, 1.0); // on a machine that does nothing else: 0.1
}

} // namespace
} // namespace backline::plugin
