// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/curve.hpp"

#include <cmath>

namespace backline::process {

double shaped(Shape shape, double from, double to, double x) noexcept {
    switch (shape) {
    case Shape::linear:
        break;
    case Shape::exponential:
        if (from * to > 0.0) return from * std::pow(to / from, x);
        break;
    case Shape::smooth:
        x = x * x * (3.0 - 2.0 * x);
        break;
    }
    return from + (to - from) * x;
}

void Curves::start(CurveSet& set, Curve& curve, ParamBank& bank, std::uint64_t clock) noexcept {
    if (curve.param >= bank.count() || count_ == kMax) return;
    cancel(bank, curve.param);
    curve.set = &set;
    curve.bank = &bank;
    curve.start = clock;
    curve.from = bank.value(curve.param);
    curve.leg = 0;
    if (curve.target != nullptr) set.legs[curve.first_leg + curve.leg_count - 1].to = *curve.target;
    curve.place = count_;
    running_[count_++] = &curve;
    ++set.running;
    bank.set_curve(curve.param, &curve);
}

void Curves::end(Curve& curve) noexcept {
    curve.bank->set_curve(curve.param, nullptr);
    Curve* const last = running_[--count_];
    running_[curve.place] = last;
    last->place = curve.place;
    CurveSet* const set = curve.set;
    // As many fit as may be handed over. The set may be freed from here on.
    if (--set->running == 0) [[maybe_unused]]
        const bool pushed = back_.try_push(set);
}

void Curves::forget(ParamBank& bank) noexcept {
    for (std::uint32_t i = 0; bank.has_curves() && i < bank.count(); ++i)
        cancel(bank, i);
}

/// True when the curve is over.
bool Curves::deliver(Curve& curve, std::uint64_t clock) noexcept {
    const Leg* const legs = curve.set->legs.data() + curve.first_leg;
    const std::uint64_t passed = clock - curve.start;
    for (; curve.leg < curve.leg_count && passed >= legs[curve.leg].end; ++curve.leg)
        curve.from = legs[curve.leg].to;
    const bool over = curve.leg == curve.leg_count;
    double value = curve.from;
    if (!over) {
        const Leg& leg = legs[curve.leg];
        const std::uint64_t begin = curve.leg == 0 ? 0 : legs[curve.leg - 1].end;
        const double x = static_cast<double>(passed - begin) / static_cast<double>(leg.end - begin);
        value = shaped(curve.shape, curve.from, leg.to, x);
    }
    if (curve.whole) value = std::floor(value + 0.5);
    if (value != curve.bank->value(curve.param)) curve.bank->add(0, curve.param, value);
    return over;
}

void Curves::run(std::uint64_t clock, bool all) noexcept {
    if (count_ == 0 || clock % kGrid != 0) return;
    for (std::uint32_t left = all || count_ < kPerSlice ? count_ : kPerSlice; left != 0; --left) {
        if (at_ >= count_) at_ = 0;
        Curve& curve = *running_[at_];
        // The last one takes the place of one that ends.
        if (deliver(curve, clock))
            end(curve);
        else
            ++at_;
    }
}

void Curves::jump() noexcept {
    while (count_ != 0) {
        Curve& curve = *running_[count_ - 1];
        deliver(curve, UINT64_MAX);
        end(curve);
    }
}

} // namespace backline::process
