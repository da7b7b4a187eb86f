import "./setbook.css";
export {};
