# Reliability of sum scores with delta-method errors, ratios of correlations and explored factors, by lavaan and base R.
# usage: Rscript make_scales.R > scales.json     (in this folder; lavaan, pbivnorm and numDeriv; the JSON is written by hand)
suppressMessages(library(lavaan))
hs <- read.csv("data/hs.csv")
hs_missing <- read.csv("data/hs-missing.csv")
ordinal <- read.csv("data/trust-ordinal.csv")
hsm <- "visual =~ NA*x1 + l1*x1 + l2*x2 + l3*x3
textual =~ NA*x4 + l4*x4 + l5*x5 + l6*x6
speed =~ NA*x7 + l7*x7 + l8*x8 + l9*x9
visual ~~ 1*visual + c12*textual + c13*speed
textual ~~ 1*textual + c23*speed
speed ~~ 1*speed"
errors <- paste0("x", 1:9, " ~~ e", 1:9, "*x", 1:9, collapse = "\n")
# omega, composite reliability and extracted variance written as := ; lavaan gives their errors
simple <- function(f, i) {
  l <- paste0("l", i); e <- paste0("e", i)
  total <- sprintf("((%s)^2 + %s)", paste(l, collapse = "+"), paste(e, collapse = "+"))
  share <- sprintf("%s^2/(%s^2+%s)", l, l, e)
  std <- sprintf("%s/sqrt(%s^2+%s)", l, l, e)
  c(sprintf("omega_%s := (%s)^2/%s", f, paste(l, collapse = "+"), total),
    sprintf("cr_%s := (%s)^2/((%s)^2 + %s)", f, paste(std, collapse = "+"), paste(std, collapse = "+"),
            paste0("(1-", share, ")", collapse = "+")),
    sprintf("ave_%s := (%s)/3", f, paste(share, collapse = "+")))
}
defined <- paste(unlist(mapply(simple, c("visual", "textual", "speed"), list(1:3, 4:6, 7:9))), collapse = "\n")
# x9 loads on visual as well (m9), the errors of x1 and x2 covary (r12): totals by hand
v9 <- "(l9^2 + m9^2 + 2*l9*m9*c13 + e9)"
v <- c(sprintf("(l%d^2 + e%d)", 1:8, 1:8), v9)
visual_items <- c(1, 2, 3, 9); ml <- c("l1", "l2", "l3", "m9")
cov_pair <- function(i, j) {
  lam <- function(k, f) if (f == 1) (if (k == 9) "m9" else if (k <= 3) paste0("l", k) else "0") else if (f == 3) (if (k >= 7) paste0("l", k) else "0") else "0"
  sprintf("(%s*%s + %s*%s + c13*(%s*%s + %s*%s)%s)", lam(i, 1), lam(j, 1), lam(i, 3), lam(j, 3), lam(i, 1), lam(j, 3),
          lam(i, 3), lam(j, 1), if (setequal(c(i, j), c(1, 2))) " + r12" else "")
}
sum_cov <- function(items, scaled) {
  pairs <- combn(items, 2)
  terms <- apply(pairs, 2, function(p) {
    one <- cov_pair(p[1], p[2]); if (scaled) sprintf("2*%s/sqrt(%s*%s)", one, v[p[1]], v[p[2]]) else paste0("2*", one)
  })
  paste(c(if (scaled) as.character(length(items)) else v[items], terms), collapse = " + ")
}
complex_part <- function(f, items, l) {
  std <- sprintf("%s/sqrt(%s)", l, v[items])
  c(sprintf("omega_%s := (%s)^2/(%s)", f, paste(l, collapse = "+"), sum_cov(items, FALSE)),
    sprintf("cr_%s := (%s)^2/(%s)", f, paste(std, collapse = "+"), sum_cov(items, TRUE)),
    sprintf("ave_%s := (%s)/%d", f, paste0("(", std, ")^2", collapse = "+"), length(items)))
}
complex <- paste(c(sub("l3\\*x3", "l3*x3 + m9*x9", hsm), errors, "x1 ~~ r12*x2",
  complex_part("visual", visual_items, ml), complex_part("speed", 7:9, c("l7", "l8", "l9"))), collapse = "\n")
number <- function(x) { x <- unname(unclass(x)); ifelse(is.finite(x), formatC(x, digits = 12, format = "g"), "null") }
vector_json <- function(x) paste0("[", paste(number(as.vector(x)), collapse = ", "), "]")
matrix_json <- function(m) paste0("[", paste(apply(unclass(m), 1, vector_json), collapse = ", "), "]")
defined_json <- function(fit) {
  p <- parameterEstimates(fit); p <- p[p$op == ":=", ]
  paste(sprintf('"%s": [%s, %s]', p$lhs, number(p$est), number(p$se)), collapse = ", ")
}
simple_model <- paste(hsm, errors, defined, sep = "\n")
cases <- list(
  c("hs-ml", defined_json(cfa(simple_model, hs))),
  c("hs-mlr", defined_json(cfa(simple_model, hs, estimator = "MLR"))),
  c("hs-fiml", defined_json(cfa(simple_model, hs_missing, missing = "ml"))),
  c("hs-complex", defined_json(cfa(complex, hs))))
# equal loadings in two groups: unit of the factors from the first group, their variances (p1, q1) free in the second
two <- "visual =~ c(l1, l1)*x1 + c(l2, l2)*x2 + c(l3, l3)*x3
visual ~~ c(1, NA)*visual + c(p1, q1)*visual"
items <- "x1 ~~ c(e1, d1)*x1\nx2 ~~ c(e2, d2)*x2\nx3 ~~ c(e3, d3)*x3"
parts <- "omega_1 := (l1+l2+l3)^2/((l1+l2+l3)^2 + e1+e2+e3)
omega_2 := (l1+l2+l3)^2*q1/((l1+l2+l3)^2*q1 + d1+d2+d3)
ave_2 := (l1^2*q1/(l1^2*q1+d1) + l2^2*q1/(l2^2*q1+d2) + l3^2*q1/(l3^2*q1+d3))/3"
cases[[5]] <- c("hs-groups", defined_json(cfa(paste(two, items, parts, sep = "\n"), hs, group = "school", std.lv = TRUE)))
# categorical omega (Green & Yang 2009, eq. 21) of a delta-parameterised WLSMV fit, errors by numerical derivatives
om <- "II =~ ii1 + ii2 + ii3\nEC =~ ec1 + ec2 + ec3\nIPT =~ ipt1 + ipt2 + ipt3"
fo <- cfa(om, data = ordinal, ordered = TRUE, std.lv = TRUE, estimator = "WLSMV")
green_yang <- function(theta, items) {
  l <- theta[paste0(c(ii = "II", ec = "EC", ipt = "IPT")[sub("[0-9]", "", items)], "=~", items)]
  tau <- lapply(items, function(i) theta[grep(paste0("^", i, "\\|t"), names(theta))])
  both <- function(a, b, rho) sum(outer(a, b, Vectorize(function(x, y) pbivnorm::pbivnorm(x, y, rho) - pnorm(x) * pnorm(y))))
  own <- function(a) sum(outer(a, a, function(x, y) pnorm(pmin(x, y)) - pnorm(x) * pnorm(y)))
  top <- bottom <- 0
  for (j in seq_along(items)) for (k in seq_along(items)) {
    top <- top + both(tau[[j]], tau[[k]], l[j] * l[k])
    bottom <- bottom + if (j == k) own(tau[[j]]) else both(tau[[j]], tau[[k]], l[j] * l[k])
  }
  unname(top / bottom)
}
gy <- sapply(list(II = paste0("ii", 1:3), EC = paste0("ec", 1:3), IPT = paste0("ipt", 1:3)), function(items) {
  theta <- coef(fo); names_of <- names(theta)
  g <- numDeriv::grad(function(x) green_yang(setNames(x, names_of), items), theta)
  c(green_yang(theta, items), sqrt(drop(g %*% unclass(vcov(fo)) %*% g)))
})
poly <- unclass(lavCor(ordinal[, 1:9], ordered = names(ordinal)[1:9]))
ordinal_alpha <- sapply(list(1:3, 4:6, 7:9), function(i) 3 / 2 * (1 - 3 / sum(poly[i, i])))
ratio <- function(r, a, b, mean_of) {
  r <- abs(r); within <- function(i) mean_of(r[i, i][lower.tri(r[i, i])])
  mean_of(r[a, b]) / sqrt(within(a) * within(b))
}
geometric <- function(x) exp(mean(log(x)))
ratios <- function(r) unlist(lapply(list(list(1:3, 4:6), list(1:3, 7:9), list(4:6, 7:9)), function(p)
  c(ratio(r, p[[1]], p[[2]], mean), ratio(r, p[[1]], p[[2]], geometric))))
x <- hs[, paste0("x", 1:9)]
explored <- efa(x, nfactors = 3, rotation = "oblimin", rotation.args = list(row.weights = "none", oblimin.gamma = 0))
std <- lavInspect(if (inherits(explored, "efaList")) explored[[1]] else explored, "std")
free <- factanal(x, 3, rotation = "none", control = list(opt = list(factr = 10)))
# Kaiser's normalisation through both steps, as SPSS and factor_analyzer have it; R's own promax leaves it after varimax
size <- sqrt(1 - free$uniquenesses)
turned <- size * unclass(promax(varimax(loadings(free) / size, normalize = FALSE, eps = 1e-12)$loadings, m = 4)$loadings)
out <- c(paste0('"cases": {', paste(sapply(cases, function(k) sprintf('"%s": {%s}', k[1], k[2])), collapse = ",\n  "), "}"),
  paste0('"categorical_omega": {', paste(sprintf('"%s": %s', colnames(gy), apply(gy, 2, vector_json)), collapse = ", "), "}"),
  paste0('"ordinal_alpha": ', vector_json(ordinal_alpha)),
  paste0('"htmt_hs": ', vector_json(ratios(cor(x)))), paste0('"htmt_ordinal": ', vector_json(ratios(poly))),
  paste0('"efa_oblimin": ', matrix_json(std$lambda)), paste0('"efa_oblimin_phi": ', matrix_json(std$psi)),
  paste0('"efa_promax": ', matrix_json(turned)),
  paste0('"ml_uniquenesses": ', vector_json(free$uniquenesses)))
meta <- sprintf('"_meta": {"tool": "lavaan %s, R %s", "script": "make_scales.R", "data": ["data/hs.csv", "data/hs-missing.csv", "data/trust-ordinal.csv"]}',
  packageVersion("lavaan"), getRversion())
cat("{", paste(c(meta, out), collapse = ",\n"), "}\n", sep = "")
