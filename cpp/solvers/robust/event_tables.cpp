#include "solvers/robust/event_tables.hpp"

#include <algorithm>

#include "programme/sums.hpp"
#include "solvers/robust/shape.hpp"

namespace ressin::robust {
namespace {

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

// The samples of one interval from its end on, and what they make of the unknowns so far.
class Backwards {
 public:
  explicit Backwards(const Shape& shape) : s_(shape) {}

  const EventBlock& block() const { return u_; }

  // Those of events at a sample, whose weight is not counted yet.
  RowPair rows(double w, const double* bumps) const {
    RowPair x{};
    const double qa = s_.g_a * u_.aa + s_.g_v * u_.av, qv = s_.g_a * u_.av + s_.g_v * u_.vv;
    x.driver.own = w + (s_.g_a * qa + s_.g_v * qv);
    x.driver.a = w + s_.z0 * qa;
    x.driver.v = qa + s_.z1 * qv;
    for (int k = 0; k < 4; ++k) {
      x.driver.knot[k] = w * bumps[k] + (s_.g_a * u_.a[k] + s_.g_v * u_.v[k]);
      x.shift.a += u_.a[k], x.shift.v += u_.v[k];
      for (int j = 0; j < 4; ++j) x.shift.knot[k] += u_.knots[k][j];
      x.shift.own += x.shift.knot[k];
    }
    return x;
  }

  void add(double w, const double* bumps) {
    const double through = u_.aa + s_.z1 * u_.av;
    u_.vv = s_.z1 * (s_.z1 * u_.vv + u_.av) + through;
    u_.av = s_.z0 * through;
    u_.aa = s_.z0 * s_.z0 * u_.aa + w;
    for (int k = 0; k < 4; ++k) {
      const double wb = w * bumps[k];
      u_.v[k] = s_.z1 * u_.v[k] + u_.a[k];
      u_.a[k] = s_.z0 * u_.a[k] + wb;
      for (int j = 0; j < 4; ++j) u_.knots[k][j] += wb * bumps[j];
    }
  }

 private:
  const Shape& s_;
  EventBlock u_{};
};

double mean_own(const std::vector<RowPair>& rows) {
  const auto n = static_cast<std::ptrdiff_t>(rows.size());
  return sum_of(n, [&](std::ptrdiff_t i) { return rows[index(i)].driver.own; }) / static_cast<double>(n);
}

}  // namespace

EventRows::EventRows(std::shared_ptr<const Model> model) : model_(std::move(model)) {
  common_.shape = shape_of(*model_);
  common_.first_observed = model_->n_before();
  lay_out_decay();
  lay_out_bumps();
  lay_out_pulse();
}

void EventRows::lay_out_decay() {
  const Shape& s = common_.shape;
  for (auto& psi : psi_) psi.resize(index(s.spacing + padding));
  double p0 = 1.0, p1 = 0.0, p2 = 1.0;
  for (std::size_t j = 0; j < psi_[0].size(); ++j) {
    psi_[0][j] = p0, psi_[1][j] = p1, psi_[2][j] = p2;
    p1 = p0 + s.z1 * p1;
    p0 *= s.z0, p2 *= s.z1;
  }
  common_.psi0 = psi_[0].data(), common_.psi1 = psi_[1].data(), common_.psi2 = psi_[2].data();
}

void EventRows::lay_out_bumps() {
  const Shape& s = common_.shape;
  for (int k = 0; k < 4; ++k) {
    bump_[k].assign(index(s.spacing + padding), 0.0);
    for (std::ptrdiff_t o = 0; o < s.spacing; ++o) bump_[k][index(o)] = s.bumps[4 * o + k];
    common_.bump[k] = bump_[k].data();
  }
}

void EventRows::lay_out_pulse() {
  EventTables& t = common_;
  const double g_a = t.shape.g_a, g_v = t.shape.g_v;
  for (std::ptrdiff_t k = 0; k < in_block; ++k) {
    for (std::ptrdiff_t j = 0; j <= k; ++j) {
      const std::ptrdiff_t later = k - j - 1;
      t.pulse[k][j] = k == j ? 1.0 : g_a * t.psi0[later] + g_v * t.psi1[later];
    }
    const std::ptrdiff_t rest = in_block - 1 - k;
    t.to_a[k] = g_a * t.psi0[rest] + g_v * t.psi1[rest];
    t.to_v[k] = g_v * t.psi2[rest];
    t.into_a[k] = t.psi0[k], t.into_v[k] = t.psi1[k];
  }
}

EventRows::Rows EventRows::start(bool by_phase) const {
  Rows x;
  x.tables = common_;
  x.tables.by_phase = by_phase;
  x.begin.assign(index(common_.shape.n_intervals), nullptr);
  return x;
}

// Of a whole interval's samples, all of weight one; the first and the last that are observed lie within such.
void EventRows::fill_plain() {
  enum { whole, at_end, at_first, n_blocks };
  plain_ = start(true);
  EventTables& t = plain_.tables;
  const Shape& s = t.shape;
  const std::ptrdiff_t end = s.n - (s.n_intervals - 1) * s.spacing, first = t.first_observed % s.spacing;
  plain_.rows.resize(index(s.spacing));
  plain_.blocks.resize(n_blocks);
  Backwards backwards(s);
  for (std::ptrdiff_t o = s.spacing - 1; o >= 0; --o) {
    const double* bumps = s.bumps + 4 * o;
    plain_.rows[index(o)] = backwards.rows(1.0, bumps);
    backwards.add(1.0, bumps);
    if (o == end) plain_.blocks[at_end] = backwards.block();
    if (o == first) plain_.blocks[at_first] = backwards.block();
  }
  plain_.blocks[whole] = backwards.block();
  t.mean_own = mean_own(plain_.rows);
  t.end = end < s.spacing ? &plain_.blocks[at_end] : nullptr;
  t.first = first > 0 ? &plain_.blocks[at_first] : nullptr;
  for (std::ptrdiff_t m = 0; m < s.n_intervals; ++m) {
    if (m * s.spacing >= t.first_observed) plain_.begin[index(m)] = &plain_.blocks[whole];
  }
}

const EventTables& EventRows::plain() {
  if (plain_.rows.empty()) fill_plain();
  plain_.tables.rows = plain_.rows.data(), plain_.tables.begin = plain_.begin.data();
  return plain_.tables;
}

const EventTables& EventRows::weighted(const double* weights) {
  Rows& x = weighted_;
  if (x.rows.empty()) {
    x = start(false);
    x.rows.resize(index(common_.shape.n)), x.blocks.resize(x.begin.size());
  }
  const Shape& s = common_.shape;
  for (std::ptrdiff_t m = 0; m < s.n_intervals; ++m) {
    const std::ptrdiff_t begin = m * s.spacing;
    Backwards backwards(s);
    for (std::ptrdiff_t i = std::min(begin + s.spacing, s.n) - 1; i >= begin; --i) {
      const double* bumps = s.bumps + 4 * (i - begin);
      x.rows[index(i)] = backwards.rows(weights[i], bumps);
      backwards.add(weights[i], bumps);
    }
    x.blocks[index(m)] = backwards.block();
    x.begin[index(m)] = &x.blocks[index(m)];
  }
  x.tables.mean_own = mean_own(x.rows);
  x.tables.rows = x.rows.data(), x.tables.begin = x.begin.data();
  return x.tables;
}

}  // namespace ressin::robust
