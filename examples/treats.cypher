MATCH (drug:ChemicalEntity)-[r:treats]->(disease:Disease)
WHERE r.belief > 0.3
RETURN drug.name AS drug, disease.name AS disease, r.belief AS belief, r.papers AS papers
ORDER BY papers DESC, belief DESC, drug, disease LIMIT 10
