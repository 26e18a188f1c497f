// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/request.hpp"
#include "daemon/plugin/registry.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace backline::test {

/// An endless row of random edits of one graph: nodes of every plugin, inputs and outputs are
/// added, connected (with feedback too), set, bypassed, renamed, replaced and removed, singly and
/// in transactions. The same seed gives the same row. Nearly all of them are valid.
class EditStorm {
  public:
    EditStorm(std::uint64_t seed, std::shared_ptr<const plugin::Catalogue> catalogue);

    struct Edit {
        std::vector<engine::Op> ops;
        std::optional<std::uint32_t> delay; ///< due so many frames from now; absent = at once
    };
    Edit next();

    /// Refusals that even a careful user meets: a loop, a connection or its ports that are not
    /// there any more, a timed value for a node that was removed or replaced meanwhile.
    static bool is_expected(const std::string& code);

    struct Node {
        std::string name;
        std::shared_ptr<const plugin::PluginInfo> info;
    };
    /// The nodes that exist once everything so far has been carried out.
    const std::vector<Node>& nodes() const { return nodes_; }

  private:
    struct Strip {
        std::string name;
        bool is_input;
    };
    struct Link {
        std::string from, to;
    };

    std::uint32_t below(std::uint32_t limit); ///< 0..limit-1
    double uniform();                         ///< 0..1
    template <typename T>
    T& any_of(std::vector<T>& from) {
        return from[below(static_cast<std::uint32_t>(from.size()))];
    }
    std::string new_name(const char* prefix);
    std::optional<std::string> port_of(const Node& node, bool is_source);
    engine::Value value_of(const plugin::ParamInfo& param);
    std::optional<engine::Op> set_something(const Node& node);
    std::shared_ptr<const plugin::PluginInfo> any_plugin();

    Edit add_node();
    Edit add_connected();
    Edit connect();
    Edit disconnect();
    Edit set();
    Edit set_at_large();
    Edit remove();
    Edit strip();
    Edit rename_or_replace();
    Edit panic();
    void forget(const std::string& name);

    std::mt19937_64 random_;
    std::vector<std::shared_ptr<const plugin::PluginInfo>> plugins_;
    std::vector<Node> nodes_;
    std::vector<Strip> strips_;
    std::vector<Link> links_;
    std::uint64_t names_ = 0;
};

} // namespace backline::test
