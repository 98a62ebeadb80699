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

// Of a whole interval's samples, all of weight one.
void EventRows::fill_phases() {
  phases_ = start(true);
  const Shape& s = common_.shape;
  phases_.rows.resize(index(s.spacing)), phases_.blocks.resize(index(s.spacing));
  Backwards backwards(s);
  for (std::ptrdiff_t o = s.spacing - 1; o >= 0; --o) {
    const double* bumps = s.bumps + 4 * o;
    phases_.rows[index(o)] = backwards.rows(1.0, bumps);
    backwards.add(1.0, bumps);
    phases_.blocks[index(o)] = backwards.block();
  }
  phases_.tables.mean_own = mean_own(phases_.rows);
}

const EventTables& EventRows::plain() {
  if (is_plain_) return phases_.tables;
  is_plain_ = true;
  std::vector<double> weights(index(model_->n()), 1.0);
  std::fill_n(weights.begin(), model_->n_before(), 0.0);
  return with_gaps(weights.data());
}

const EventTables& EventRows::weighted(const double* weights) {
  const double* end = weights + model_->n();
  if (!std::all_of(weights, end, [](double w) { return w == 0.0 || w == 1.0; })) return by_sample(weights);
  is_plain_ = false;
  return with_gaps(weights);
}

const EventTables& EventRows::with_gaps(const double* weights) {
  if (phases_.rows.empty()) fill_phases();
  const Shape& s = common_.shape;
  const auto has_weight = [&](std::ptrdiff_t i) { return i < s.n && weights[i] > 0.0; };
  phases_.joints.clear();
  for (std::ptrdiff_t i = s.n; i > 0; --i) {
    const std::ptrdiff_t phase = i % s.spacing;
    if (phase == 0 || has_weight(i) == has_weight(i - 1)) continue;
    phases_.joints.push_back({i, has_weight(i) ? 1.0 : -1.0, &phases_.blocks[index(phase)]});
  }
  for (std::ptrdiff_t m = 0; m < s.n_intervals; ++m) {
    phases_.begin[index(m)] = has_weight(m * s.spacing) ? &phases_.blocks.front() : nullptr;
  }
  return tables_of(&phases_);
}

const EventTables& EventRows::by_sample(const double* weights) {
  Rows& x = samples_;
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
  return tables_of(&x);
}

const EventTables& EventRows::tables_of(Rows* x) {
  x->tables.rows = x->rows.data(), x->tables.begin = x->begin.data();
  x->tables.joints = x->joints.data(), x->tables.n_joints = static_cast<std::ptrdiff_t>(x->joints.size());
  return x->tables;
}

}  // namespace ressin::robust
