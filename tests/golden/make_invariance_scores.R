# Score tests of equal loadings and intercepts across schools, markers included. Run in this folder:
#   Rscript make_invariance_scores.R
# lavaan's modindices() gives the marker (a fixed loading of the second group), lavTestScore() the constraints.
suppressMessages(library(lavaan))
hs <- read.csv("data/hs.csv")
model <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
rows <- NULL
for (level in c("metric", "scalar")) {
  equal <- if (level == "metric") "loadings" else c("loadings", "intercepts")
  fit <- cfa(model, hs, group = "school", group.equal = equal)
  table <- parTable(fit)
  tests <- lavTestScore(fit)$uni
  for (k in seq_len(nrow(tests))) {
    row <- table[match(tests$lhs[k], table$plabel), ]
    rows <- rbind(rows, data.frame(level = level, parameter = paste0(row$lhs, row$op, if (row$op == "~1") "" else row$rhs),
                                   statistic = tests$X2[k]))
  }
  fixed <- modindices(fit, op = "=~")
  fixed <- subset(fixed, group == 2 & paste0(lhs, rhs) %in% c("visualx1", "textualx4", "speedx7"))
  rows <- rbind(rows, data.frame(level = level, parameter = paste0(fixed$lhs, "=~", fixed$rhs), statistic = fixed$mi))
}
rows$statistic <- signif(rows$statistic, 10)
con <- file("invariance_scores.csv", "w")
writeLines(paste0("# lavaan ", packageVersion("lavaan"), ", make_invariance_scores.R, data/hs.csv"), con)
write.csv(rows, con, row.names = FALSE, quote = FALSE)
close(con)
