// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/edit.hpp"

#include <fmt/core.h>

namespace backline::engine {

void Edit::set_budget(const SetBudget& op) {
    const auto found = next.nodes.find(op.name);
    if (found == next.nodes.end())
        throw CommandError("no_such_node", "there is no node \"" + op.name + "\"");
    if (!(op.budget.percent > 0.0 && op.budget.percent <= 100.0))
        throw CommandError("out_of_range", "node \"" + op.name
                                               + "\": a budget is above 0 and at most 100 % of "
                                                 "the period, got "
                                               + fmt::format("{:g}", op.budget.percent));
    found->second.budget = op.budget;
    budgets.push_back({found->second.handle, op.budget});
}

} // namespace backline::engine
