# Difference tests of ordinal models, from lavaan 0.6-14: Rscript make_ordinal_difference.R > ordinal_difference.json
# Run in this folder. Only numbers that do not depend on the version are kept: chi-squares and Satorra (2000) tests.
suppressMessages(library(lavaan))

items <- c("ii1", "ii2", "ii3", "ec1", "ec2", "ec3", "ipt1", "ipt2", "ipt3")
three <- "II =~ ii1 + ii2 + ii3\nEC =~ ec1 + ec2 + ec3\nIPT =~ ipt1 + ipt2 + ipt3"
equal <- "II =~ ii1 + a*ii2 + a*ii3\nEC =~ ec1 + b*ec2 + b*ec3\nIPT =~ ipt1 + ipt2 + ipt3"
one <- paste("g =~", paste(items, collapse = " + "))
data <- read.csv("data/trust-ordinal.csv")

cases <- list(
  list(id = "thresholds-wlsmv", groups = TRUE, estimator = "WLSMV", parameterization = "delta",
       general = list(model = three), restricted = list(model = three, group.equal = "thresholds")),
  list(id = "loadings-wlsmv", groups = TRUE, estimator = "WLSMV", parameterization = "delta",
       general = list(model = three, group.equal = "thresholds"),
       restricted = list(model = three, group.equal = c("thresholds", "loadings"))),
  list(id = "intercepts-theta", groups = TRUE, estimator = "WLSMV", parameterization = "theta",
       general = list(model = three, group.equal = c("thresholds", "loadings")),
       restricted = list(model = three, group.equal = c("thresholds", "loadings", "intercepts"))),
  list(id = "residuals-theta", groups = TRUE, estimator = "WLSMV", parameterization = "theta",
       general = list(model = three, group.equal = c("thresholds", "loadings", "intercepts")),
       restricted = list(model = three, group.equal = c("thresholds", "loadings", "intercepts", "residuals"))),
  list(id = "loadings-ulsmv", groups = TRUE, estimator = "ULSMV", parameterization = "delta",
       general = list(model = three, group.equal = "thresholds"),
       restricted = list(model = three, group.equal = c("thresholds", "loadings"))),
  list(id = "loadings-wlsm", groups = TRUE, estimator = "WLSM", parameterization = "delta",
       general = list(model = three, group.equal = "thresholds"),
       restricted = list(model = three, group.equal = c("thresholds", "loadings"))),
  list(id = "one-factor-wlsmv", groups = FALSE, estimator = "WLSMV", parameterization = "delta",
       general = list(model = three), restricted = list(model = one)),
  list(id = "labels-wlsmv", groups = FALSE, estimator = "WLSMV", parameterization = "delta",
       general = list(model = three), restricted = list(model = equal)),
  list(id = "labels-theta", groups = FALSE, estimator = "WLSMV", parameterization = "theta",
       general = list(model = three), restricted = list(model = equal)),
  list(id = "labels-ulsmv", groups = FALSE, estimator = "ULSMV", parameterization = "delta",
       general = list(model = three), restricted = list(model = equal)),
  list(id = "labels-dwls", groups = FALSE, estimator = "WLS", parameterization = "delta",
       general = list(model = three), restricted = list(model = equal))
)

# where thresholds are equal, 0.6-14 frees latent means in place of the intercepts of latent responses; here the table
# is that of 0.7 (Wu & Estabrook 2016): intercepts of later groups are free until they are made equal
with_intercepts <- function(table) {
  later <- table$group > 1 & table$op == "~1"
  item <- later & table$lhs %in% items
  table$free[later & !item] <- 0L
  table$ustart[later & !item] <- 0
  table$ustart[item] <- NA
  table$free[item] <- max(table$free) + seq_len(sum(item))
  table$est <- table$se <- table$start <- NULL
  table$free[table$free > 0] <- seq_len(sum(table$free > 0))
  table
}

fit <- function(case, side) {
  own <- case[[side]]
  arguments <- list(model = own$model, data = data, ordered = items, estimator = case$estimator,
                    parameterization = case$parameterization)
  if (case$groups) arguments$group <- "clinic"
  if (!is.null(own$group.equal)) arguments$group.equal <- own$group.equal
  result <- do.call("cfa", arguments)
  if (!"thresholds" %in% own$group.equal || "intercepts" %in% own$group.equal) return(result)
  lavaan(with_intercepts(parTable(result)), data = data, ordered = items, estimator = case$estimator,
         parameterization = case$parameterization, group = "clinic")
}

text <- function(x) paste0("\"", gsub("\n", "\\\\n", x), "\"")
side <- function(x) {
  equal <- paste(vapply(x$group.equal, text, ""), collapse = ", ")
  sprintf("{\"model\": %s, \"group.equal\": [%s]}", text(x$model), equal)
}
number <- function(x) format(x, digits = 12, scientific = FALSE)

lines <- character()
for (case in cases) {
  fits <- list(fit(case, "general"), fit(case, "restricted"))
  scaled <- case$estimator != "WLS"
  test <- if (scaled) lavTestLRT(fits[[1]], fits[[2]], method = "satorra.2000", A.method = "delta",
                                 scaled.shifted = TRUE)
          else lavTestLRT(fits[[1]], fits[[2]])
  lines <- c(lines, sprintf(
    paste0("  {\"id\": %s, \"groups\": %s, \"estimator\": %s, \"parameterization\": %s,\n   \"general\": %s,\n   ",
           "\"restricted\": %s,\n   \"chisq\": [%s, %s], \"statistic\": %s, \"df\": %d, \"pvalue\": %s}"),
    text(case$id), if (case$groups) "true" else "false", text(case$estimator), text(case$parameterization),
    side(case$general), side(case$restricted), number(test$Chisq[1]), number(test$Chisq[2]),
    number(test[2, "Chisq diff"]), test[2, "Df diff"], number(test[2, "Pr(>Chisq)"])))
}
cat("{\"version\": ", text(as.character(packageVersion("lavaan"))), ", \"data\": \"data/trust-ordinal.csv\",\n",
    "\"cases\": [\n", paste(lines, collapse = ",\n"), "\n]}\n", sep = "")
