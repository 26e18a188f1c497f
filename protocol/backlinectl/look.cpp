// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/backlinectl/look.hpp"

#include "protocol/backlinectl/render.hpp"
#include "protocol/backlinectl/run.hpp"

#include <ostream>
#include <utility>

namespace backline::protocol::backlinectl {

int look(Session& session, std::string_view address, std::vector<Argument> args, Print print) {
    const nlohmann::json reply = parse_json(session.text(address, std::move(args)));
    if (session.json())
        session.out << reply.dump(2) << '\n';
    else
        print(session.out, reply);
    return kDone;
}

} // namespace backline::protocol::backlinectl
