// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace backline::protocol::backlinectl {

/** Rows of cells, printed in columns as wide as their widest cell; the last one is not padded. */
class Table {
  public:
    /** Adds a row; rows may differ in length. */
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    /** Whether there is nothing to print. */
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    /** Prints every row behind @p indent spaces, columns two spaces apart. */
    void print(std::ostream& out, std::size_t indent = 0) const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

} // namespace backline::protocol::backlinectl
