#include "solvers/active_set/tables.hpp"

#include <algorithm>
#include <cmath>

#include "programme/sums.hpp"

namespace ressin::active_set {
namespace {

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

// One less a pole, without the rounding of the difference: 2 a dt / (2 + a dt).
double one_less_pole(double tau, double dt) { return 2.0 * dt / (2.0 * tau + dt); }

// Sums over all time from a sample on of F'^j e1 e1' F^j, the Gram matrix of what a state makes; m0, m1 one less each pole.
struct StateGram {
  double aa, av, vv;

  StateGram(double z0, double z1, double m0, double m1)
      : aa(1.0 / (m0 * (1.0 + z0))), av(z0 * aa / (m0 + m1 - m0 * m1)), vv((aa + 2.0 * z1 * av) / (m1 * (1.0 + z1))) {}
};

}  // namespace

double pulse_energy(const Model& m) {
  const double slow = std::max(m.settings().tau0, m.settings().tau1), fast = std::min(m.settings().tau0, m.settings().tau1);
  const double z0 = m.response().z0, z1 = m.response().z1, ga = 2.0 + z0 + z1, gv = (1.0 + z1) * (1.0 + z1);
  const StateGram p(z0, z1, one_less_pole(slow, m.dt()), one_less_pole(fast, m.dt()));
  return 1.0 + ga * (ga * p.aa + gv * p.av) + gv * (ga * p.av + gv * p.vv);
}

ShapeTables::ShapeTables(std::shared_ptr<const Model> model, bool weighted) : model_(std::move(model)), weighted_(weighted) {
  const Model& m = *model_;
  const Response& r = m.response();
  const double tau0 = std::max(m.settings().tau0, m.settings().tau1), tau1 = std::min(m.settings().tau0, m.settings().tau1);
  tables_.n = m.n();
  tables_.first_row = m.first_row();
  tables_.z0 = r.z0;
  tables_.z1 = r.z1;
  tables_.d = one_less_pole(tau1, m.dt()) - one_less_pole(tau0, m.dt());
  tables_.ga = 2.0 + r.z0 + r.z1;
  tables_.gv = (1.0 + r.z1) * (1.0 + r.z1);
  // rows that go on for ever would be tables longer than the signal where the knots are further apart than it is long
  tables_.varying = weighted || m.settings().baseline == Baseline::spline || m.knot_spacing() > m.n();
  lay_out_intervals();
  lay_out_powers();
  lay_out_bumps();
  lay_out_drift();
  lay_out_block();
  if (tables_.varying) return;
  lay_out_stationary_rows();
  lay_out_stationary_gram();
}

std::size_t ShapeTables::bytes() const {
  std::size_t bytes = model_->bytes() + sizeof(double) * (begin_.size() + knot_state_.size() + gram_.size());
  for (const auto* tables : {psi_, back_, drift_})
    for (int k = 0; k < 2; ++k) bytes += tables[k].bytes();
  for (const auto* tables : {bump_, row_})
    for (int k = 0; k < 4; ++k) bytes += tables[k].bytes();
  return bytes;
}

void ShapeTables::lay_out_intervals() {
  const Model& m = *model_;
  tables_.n_intervals = m.n_intervals();
  tables_.n_knots = m.n_knots();
  tables_.newest_knot = m.first_interval() + 2;
  for (std::ptrdiff_t k = 0; k < m.n_intervals(); ++k) begin_.push_back(m.interval_begin(m.first_interval() + k));
  begin_.push_back(m.n());
  tables_.begin = begin_.data();
  tables_.first_phase = -m.knot(m.first_interval());
  while (begin_[index(tables_.start_interval + 1)] <= m.first_row()) ++tables_.start_interval;
}

void ShapeTables::lay_out_powers() {
  const std::ptrdiff_t longest = std::min(model_->knot_spacing(), model_->n()) + 8;
  double* psi[2] = {psi_[0].take(longest), psi_[1].take(longest)};
  double* back[2] = {back_[0].take(longest), back_[1].take(longest)};
  double p0 = 1.0, p1 = 0.0;
  for (std::ptrdiff_t j = 0; j < longest; ++j) {
    psi[0][j] = back[0][longest - 1 - j] = p0;
    psi[1][j] = back[1][longest - 1 - j] = p1;
    p1 = p0 + tables_.z1 * p1;
    p0 *= tables_.z0;
  }
  tables_.psi0 = psi[0];
  tables_.psi1 = psi[1];
  tables_.back0 = back[0] + longest - 1;
  tables_.back1 = back[1] + longest - 1;
}

void ShapeTables::lay_out_bumps() {
  const std::ptrdiff_t spacing = model_->knot_spacing();
  for (int k = 0; k < 4; ++k) {
    double* bump = bump_[k].take(spacing);
    for (std::ptrdiff_t o = 0; o < spacing; ++o) bump[o] = model_->interval_bumps(o)[k];
    tables_.bump[k] = bump;
  }
}

void ShapeTables::lay_out_drift() {
  const Model& m = *model_;
  tables_.n_drift = m.n_drift();
  if (m.settings().baseline == Baseline::spline) {
    double* column = drift_[0].take(m.n());
    for (std::ptrdiff_t i = 0; i < m.n(); ++i) column[i] = m.drift(i, 0);
    tables_.drift[0] = column;
    return;
  }
  const double n = static_cast<double>(m.n());
  if (tables_.n_drift > 0) tables_.drift_base[0] = 1.0;
  if (tables_.n_drift > 1) tables_.drift_base[1] = tables_.drift_slope[1] = 1.0 / n;
  if (tables_.n_drift > 0) tables_.drift_gram[0] = n;
  if (tables_.n_drift > 1) {
    tables_.drift_gram[1] = (n + 1.0) / 2.0;
    tables_.drift_gram[2] = (n + 1.0) * (2.0 * n + 1.0) / (6.0 * n);
  }
}

void ShapeTables::lay_out_block() {
  Tables& t = tables_;
  double pulse[8] = {1.0}, a = t.ga, v = t.gv;
  for (int k = 1; k < 8; ++k) {
    pulse[k] = a;
    a = t.z0 * a + v;
    v *= t.z1;
  }
  for (int k = 0; k < 8; ++k)
    for (int j = 0; j < 8; ++j) t.block[k][j] = k >= j ? pulse[k - j] : 0.0;
  const double *p0 = t.psi0, *p1 = t.psi1;
  for (int j = 0; j < 8; ++j) {
    const int back = 7 - j;
    t.block_a[j] = t.ga * p0[back] + t.gv * p1[back];
    t.block_v[j] = t.gv * (p0[back] - t.d * p1[back]);
    t.into_a[j] = p0[j];
    t.into_v[j] = p1[j];
  }
  t.a_to_a = p0[8];
  t.a_to_v = p1[8];
  t.v_to_v = p0[8] - t.d * p1[8];
}

// Sums over all time from a sample on: of F'^j e1 (S) and j F'^j e1 (S1), and for a knot at offset -o
//   mu(o) = e1 B(o) + F' mu(o + 1),   row(o) = B(o) + g' mu(o + 1).
struct ShapeTables::Tail {
  double paa, pav, pvv, sa, sv, s1a, s1v;
  std::ptrdiff_t reach;  // of a bump: two spacings
  std::vector<double> mu_a, mu_v, row;

  Tail(const Model& m, const Tables& t) : reach(2 * m.knot_spacing()) {
    const double slow = std::max(m.settings().tau0, m.settings().tau1), fast = std::min(m.settings().tau0, m.settings().tau1);
    const double m0 = one_less_pole(slow, m.dt()), m1 = one_less_pole(fast, m.dt()), z0 = t.z0, z1 = t.z1;
    const StateGram p(z0, z1, m0, m1);
    paa = p.aa, pav = p.av, pvv = p.vv;
    sa = 1.0 / m0;
    sv = sa / m1;
    const double ta = z0 / m0, tv = (1.0 + ta) / m1;  // (I - F')^-1 F' e1
    s1a = ta / m0;
    s1v = (tv + s1a) / m1;
    mu_a.assign(index(2 * reach + 2), 0.0);
    mu_v = row = mu_a;
    for (std::ptrdiff_t o = reach; o >= -reach; --o) {
      const std::size_t k = index(o + reach);
      const double b = m.bump(o), a = mu_a[k + 1], v = mu_v[k + 1];
      mu_a[k] = b + z0 * a;
      mu_v[k] = a + z1 * v;
      row[k] = b + t.ga * a + t.gv * v;
    }
  }

  // The rows of the state at a sample, where interval m's columns stand.
  void fill(const Model& m, const Tables& t, std::ptrdiff_t interval, std::ptrdiff_t sample, double* a, double* v) const {
    for (int k = 0; k < 4; ++k) {
      const std::ptrdiff_t j = t.newest_knot + interval - 3 + k;
      if (!m.has_knot(j) || sample - m.knot(j) > reach) continue;
      a[k] = mu_a[index(sample - m.knot(j) + reach)];
      v[k] = mu_v[index(sample - m.knot(j) + reach)];
    }
    const double next = static_cast<double>(sample + 1), n = static_cast<double>(t.n);
    if (t.n_drift > 0) a[first_drift] = sa, v[first_drift] = sv;
    if (t.n_drift > 1) a[first_drift + 1] = (next * sa + s1a) / n, v[first_drift + 1] = (next * sv + s1v) / n;
  }
};

void ShapeTables::lay_out_stationary_rows() {
  const Model& m = *model_;
  Tables& t = tables_;
  const Tail tail(m, t);
  const double pa = t.ga * tail.paa + t.gv * tail.pav, pv = t.ga * tail.pav + t.gv * tail.pvv;
  t.G = 1.0 + t.ga * pa + t.gv * pv;
  t.Xa = 1.0 + t.z0 * pa;
  t.Xv = pa + t.z1 * pv;
  const std::ptrdiff_t spacing = m.knot_spacing();
  for (int k = 0; k < 4; ++k) {
    double* row = row_[k].take(spacing);
    for (std::ptrdiff_t o = 0; o < spacing; ++o) row[o] = tail.row[index(o + (1 - k) * spacing + tail.reach)];
    t.phase_row[k] = row;
  }
  const double one = 1.0 + t.ga * tail.sa + t.gv * tail.sv;
  const double ramp = t.ga * (tail.sa + tail.s1a) + t.gv * (tail.sv + tail.s1v), n = static_cast<double>(t.n);
  if (t.n_drift > 0) t.row_base[0] = one;
  if (t.n_drift > 1) t.row_base[1] = (one + ramp) / n, t.row_slope[1] = one / n;
  knot_state_.resize(index(2 * t.n_intervals));
  for (std::size_t k = 0; k < knot_state_.size(); k += 2) knot_state_[k] = tail.mu_a[0], knot_state_[k + 1] = tail.mu_v[0];
  t.knot_state = knot_state_.data();
  t.end_aa = tail.paa, t.end_av = tail.pav, t.end_vv = tail.pvv;
  tail.fill(m, t, t.n_intervals - 1, t.n, t.end_a, t.end_v);
  start_.aa = tail.paa, start_.av = tail.pav, start_.vv = tail.pvv;
  tail.fill(m, t, t.start_interval, t.first_row, start_.a, start_.v);
}

// B'B and B'C. Bumps that lie inside the signal have the same products; those at its ends are summed.
void ShapeTables::lay_out_stationary_gram() {
  const Model& m = *model_;
  const std::ptrdiff_t n = m.n(), spacing = m.knot_spacing(), reach = 2 * spacing - 2;
  std::vector<double> bump(index(2 * reach + 1 + 3 * spacing), 0.0);  // from -reach on
  for (std::ptrdiff_t o = -reach; o <= reach; ++o) bump[index(o + reach)] = m.bump(o);
  // the sums over offsets first to last of a bump's products with those of s knots before; of it alone; and times the offset
  const auto fill = [&](std::ptrdiff_t first, std::ptrdiff_t last, std::ptrdiff_t before, double* row) {
    const double* b = bump.data() + first + reach;
    const std::ptrdiff_t count = last - first + 1;
    for (std::ptrdiff_t s = 0; s < 4 && s <= before; ++s)
      row[3 - s] = sum_of(count, [&](std::ptrdiff_t i) { return b[i] * b[i + s * spacing]; });
    if (m.n_drift() > 0) row[first_drift] = sum_of(count, [&](std::ptrdiff_t i) { return b[i]; });
    if (m.n_drift() > 1)
      row[first_drift + 1] = sum_of(count, [&](std::ptrdiff_t i) { return b[i] * static_cast<double>(first + i); });
  };
  double inside[n_columns] = {};
  fill(-reach, reach, 3, inside);
  gram_.assign(index(n_columns * m.n_knots()), 0.0);
  for (std::ptrdiff_t j = 0; j < m.n_knots(); ++j) {
    double* row = gram_.data() + n_columns * j;
    const std::ptrdiff_t first = std::max(-reach, -m.knot(j)), last = std::min(reach, n - 1 - m.knot(j));
    if (first == -reach && last == reach) {
      std::copy_n(inside, n_columns, row);
      for (std::ptrdiff_t s = j + 1; s < 4; ++s) row[3 - s] = 0.0;
    } else if (first <= last) {
      fill(first, last, j, row);
    }
    // of the slope's column (i + 1) / n, i the knot and the offset
    if (m.n_drift() > 1)
      row[first_drift + 1] =
          (row[first_drift + 1] + row[first_drift] * static_cast<double>(m.knot(j) + 1)) / static_cast<double>(n);
  }
  tables_.gram = gram_.data();
}

void SignalRows::fill(const ShapeTables& shape, const Passes& passes, const Problem& problem, double alpha, Tables* tables,
                      Loads* loads, const std::vector<std::ptrdiff_t>* samples) {
  const Tables& t = shape.tables();
  double* rows[3 + n_columns];
  for (int k = 0; k < 3 + n_columns; ++k) rows[k] = rows_[k].take(t.n);
  knot_state_.assign(index(2 * t.n_intervals), 0.0);
  passes.vary(t, problem.y, problem.weights, alpha, samples ? samples->data() : nullptr,
              samples ? static_cast<std::ptrdiff_t>(samples->size()) : 0, rows, knot_state_.data(), &loads->start);
  tables->G_at = rows[0];
  tables->Xa_at = rows[1];
  tables->Xv_at = rows[2];
  for (int k = 0; k < n_columns; ++k) tables->row_at[k] = rows[3 + k];
  tables->knot_state = knot_state_.data();
  loads->c = rows[3 + load_column];
  gram_.assign(index(n_columns * t.n_knots), 0.0);
  knot_.assign(index(t.n_knots + 1), 0.0);
  passes.gram(t, problem.y, problem.weights, gram_.data(), tables->drift_gram, knot_.data(), loads->drift);
  tables->gram = gram_.data();
  loads->knot = knot_.data();
}

}  // namespace ressin::active_set
