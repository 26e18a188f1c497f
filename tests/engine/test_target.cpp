// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/error.hpp"
#include "daemon/engine/target.hpp"

#include <cmath>
#include <gtest/gtest.h>

namespace backline::engine {
namespace {

Model one_node() {
    auto info = std::make_shared<plugin::PluginInfo>();
    info->id = "test.plugin";
    info->params = {
        {1, "freq", "Frequency", "Hz", 20.0, 20000.0, 1000.0, BL_SCALE_LOG, {}, ""},
        {2, "mode", "Mode", "", 0.0, 2.0, 0.0, BL_SCALE_ENUM, {"low", "band", "high"}, ""},
        {3, "steps", "Steps", "", 1.0, 9.0, 4.0, BL_SCALE_INTEGER, {}, ""},
        {4, "on", "On", "", 0.0, 1.0, 1.0, BL_SCALE_TOGGLE, {}, ""}};
    Model model;
    NodeEntry& node = model.nodes["n"];
    node.name = "n";
    node.info = info;
    node.handle = {3, 7};
    node.shared = std::make_shared<plugin::Shared>(*info);
    return model;
}

double number(const Model& model, const char* param, Value value, bool normalized = false) {
    const Target target{Target::Kind::node_param, "n", param, normalized};
    return to_number(resolve(model, target), target, value);
}

std::string refusal(const Model& model, const char* param, Value value) {
    try {
        number(model, param, std::move(value));
    } catch (const CommandError& error) {
        return error.code + ": " + error.what();
    }
    return "";
}

TEST(Target, ValuesAreCoercedToTheParametersType) {
    const Model model = one_node();
    EXPECT_EQ(number(model, "freq", 440.0), 440.0);
    EXPECT_EQ(number(model, "freq", static_cast<double>(20000.002f)), 20000.0) << "float rounding";
    EXPECT_EQ(number(model, "mode", std::string("high")), 2.0);
    EXPECT_EQ(number(model, "mode", 1.0), 1.0);
    EXPECT_EQ(number(model, "steps", 3.4), 3.0);
    EXPECT_EQ(number(model, "on", false), 0.0);
    EXPECT_EQ(number(model, "on", 5.0), 1.0);
}

TEST(Target, RefusalsNameTheParameterTheRangeAndWhatCame) {
    const Model model = one_node();
    EXPECT_EQ(refusal(model, "freq", 5.0),
              "out_of_range: node \"n\": parameter \"freq\" is 20..20000 Hz, got 5");
    EXPECT_NE(refusal(model, "freq", std::nan("")).find("out_of_range"), std::string::npos);
    EXPECT_EQ(
        refusal(model, "mode", std::string("wide")),
        "out_of_range: node \"n\": parameter \"mode\" is one of low, band, high, got \"wide\"");
    EXPECT_NE(refusal(model, "freq", std::string("a")).find("bad_type"), std::string::npos);
    EXPECT_NE(refusal(model, "fraq", 1.0).find("did you mean \"freq\""), std::string::npos);
}

TEST(Target, NormalizedFollowsTheScaleBothWays) {
    const Model model = one_node();
    EXPECT_NEAR(number(model, "freq", 0.5, true), std::sqrt(20.0 * 20000.0), 1e-6);
    const plugin::ParamInfo& freq = model.nodes.at("n").info->params[0];
    for (const double at : {0.0, 0.1, 0.5, 0.9, 1.0})
        EXPECT_NEAR(to_normalized(freq, from_normalized(freq, at)), at, 1e-12);
    EXPECT_THROW(number(model, "freq", 1.5, true), CommandError);
}

} // namespace
} // namespace backline::engine
