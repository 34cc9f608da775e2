# Bootstrap and Monte-Carlo intervals of a latent mediation: every kind that parameterEstimates() has, the draws themselves,
# and quantiles of draws from vcov(). usage: Rscript make_mediation.R > mediation.json     (in this folder)
suppressMessages(library(lavaan))
hs <- read.csv("data/hs.csv")
text <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\ntextual ~ a*visual\nspeed ~ b*textual + c*visual\nindirect := a*b\ntotal := c + a*b\nshare := a*b/(c + a*b)"
n_draws <- 2000
fit <- sem(text, hs, se = "bootstrap", bootstrap = n_draws, iseed = 20240611)
draws <- lavInspect(fit, "boot")
draws <- draws[, c("a", "b", "c")]
number <- function(x) ifelse(is.finite(x), formatC(unname(x), digits = 8, format = "g"), "null")
vector_json <- function(x) paste0("[", paste(number(as.vector(x)), collapse = ", "), "]")
wanted <- c("a", "b", "c", "indirect", "total", "share")
limits_json <- function(type) {
  p <- parameterEstimates(fit, boot.ci.type = type)
  p <- p[match(wanted, p$label), ]
  sprintf('"%s": {"ci_lower": %s, "ci_upper": %s}', type, vector_json(p$ci.lower), vector_json(p$ci.upper))
}
p <- parameterEstimates(fit, boot.ci.type = "perc")
p <- p[match(wanted, p$label), ]
plain <- sem(text, hs)
V <- vcov(plain)[c("a", "b", "c"), c("a", "b", "c")]
set.seed(20240612)
n_mc <- 200000
Z <- matrix(rnorm(3 * n_mc), n_mc) %*% chol(V)
Z <- sweep(Z, 2, coef(plain)[c("a", "b", "c")], "+")
q <- cbind(a = Z[, 1], b = Z[, 2], c = Z[, 3], indirect = Z[, 1] * Z[, 2], total = Z[, 3] + Z[, 1] * Z[, 2])
mc <- apply(q, 2, quantile, c(.025, .975))
standard <- parameterEstimates(plain)
standard <- standard[match(wanted, standard$label), ]
cat("{\n", sprintf('"_meta": {"tool": "R %s, lavaan %s", "script": "make_mediation.R", "data": "data/hs.csv", "seed": 20240611},\n', getRversion(), packageVersion("lavaan")),
  sprintf('"model": "%s",\n', gsub("\n", "\\\\n", text)),
  sprintf('"n_draws": %d, "n_monte_carlo": %d,\n', nrow(draws), n_mc),
  sprintf('"labels": [%s],\n', paste0('"', wanted, '"', collapse = ", ")),
  sprintf('"est": %s,\n"se_delta": %s,\n"ci_lower_delta": %s,\n"ci_upper_delta": %s,\n"se_bootstrap": %s,\n', vector_json(p$est), vector_json(standard$se), vector_json(standard$ci.lower), vector_json(standard$ci.upper), vector_json(p$se)),
  paste(sapply(c("norm", "basic", "perc", "bca.simple"), limits_json), collapse = ",\n"), ",\n",
  sprintf('"monte_carlo": {"ci_lower": %s, "ci_upper": %s, "sd": %s},\n', vector_json(mc[1, ]), vector_json(mc[2, ]), vector_json(apply(q, 2, sd))),
  sprintf('"draws": {"a": %s,\n"b": %s,\n"c": %s}\n', vector_json(draws[, 1]), vector_json(draws[, 2]), vector_json(draws[, 3])),
  "}\n", sep = "")
